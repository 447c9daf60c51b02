from pathlib import Path

import pytest
from pydantic import ValidationError

from service.settings import Settings


@pytest.fixture(autouse=True)
def _no_settings_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("REWARDSMITH_DATA_FOLDER", "REWARDSMITH_DATABASE_URL", "REWARDSMITH_RAY_ADDRESS", "RAY_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.chdir(tmp_path)


def test_data_lies_in_the_users_data_folder(tmp_path: Path) -> None:
    settings = Settings()
    data = tmp_path / "home" / ".local" / "share" / "rewardsmith"
    assert settings.data_folder == data
    assert settings.database_url == f"sqlite:///{data}/rewardsmith.db"
    assert settings.artifacts_url == str(data / "artifacts")


def test_xdg_data_home_is_respected(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    assert Settings().data_folder == tmp_path / "xdg" / "rewardsmith"


def test_database_and_artifacts_follow_the_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REWARDSMITH_DATA_FOLDER", "/srv/lab")
    assert Settings().database_url == "sqlite:////srv/lab/rewardsmith.db"
    assert Settings().artifacts_url == "/srv/lab/artifacts"


def test_a_relative_data_folder_is_taken_from_where_the_program_starts(tmp_path: Path) -> None:
    assert Settings(data_folder=Path("runs")).data_folder == tmp_path / "runs"


def test_settings_stand_in_an_env_file_among_other_things(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("REWARDSMITH_LEASE_SECONDS=7\nOPENAI_API_KEY=not-a-setting\n")
    assert Settings().lease_seconds == 7
    assert "not-a-setting" not in repr(Settings())


def test_rays_own_variable_is_read_and_ours_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "ray://theirs:10001")
    assert Settings().ray_address == "ray://theirs:10001"
    monkeypatch.setenv("REWARDSMITH_RAY_ADDRESS", "ray://ours:10001")
    assert Settings().ray_address == "ray://ours:10001"


def test_a_wrong_setting_is_named() -> None:
    with pytest.raises(ValidationError, match="lease_seconds"):
        Settings(lease_seconds=0)


def test_every_setting_says_what_it_decides() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
