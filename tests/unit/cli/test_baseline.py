"""What `rewardsmith baseline` refuses before it trains anything, and what it shows of what is there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from envs.card import card
from service.baselines.folder import BaselineFolder
from service.baselines.train import plan_baseline
from service.cli import main
from service.cli.faults import ExitCode
from service.schema import Baseline
from tests.unit.baselines.example import CONFIG, made


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as end:
        main(["baseline", *words])
    said = capsys.readouterr()
    assert (end.value.code, said.out) == (ExitCode.BAD_INPUT, "")
    assert len(said.err.splitlines()) == 1
    return said.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "--env"),
        (("--env=Hopper-v5", "--env=Hoper-v5"), "unknown environment 'Hoper-v5'; did you mean Hopper-v5"),
        (("--env=Hopper-v5", "--fitness=forward"), "did you mean forward_speed"),
        (("--env=Hopper-v5", "--steps=10"), "--steps: Hopper-v5: expected at least 16384 steps"),
        (("--env=Hopper-v5", "--seeds=0"), "--seeds"),
    ],
)
def test_what_cannot_be_made_is_refused_in_one_line_and_nothing_is_written(
    words: tuple[str, ...],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("REWARDSMITH_DATA_FOLDER", str(tmp_path / "data"))
    assert told in refused(capsys, *words)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def there(tmp_path: Path) -> Baseline:
    """A baseline of today's defaults in `tmp_path`, of two seeds and 4096 steps."""
    arm = card("FetchReach-v4")
    plan = plan_baseline(arm, arm.metrics[0], CONFIG, 4096, 2)
    seeds = plan.seeds
    rewards = {
        name: getattr(made(), name).model_copy(
            update={
                "trainings": tuple(
                    one.model_copy(update={"seed": seed})
                    for one, seed in zip(getattr(made(), name).trainings, seeds, strict=True)
                )
            }
        )
        for name in ("human", "sparse")
    }
    baseline = made(versions=plan.versions, **rewards)
    folder = BaselineFolder(tmp_path, plan)
    folder.begin()
    folder.finish(baseline)
    return baseline


WHAT_IS_THERE = ["baseline", "--env=FetchReach-v4", "--steps=4096", "--seeds=2"]


def test_what_is_there_is_not_trained_again_and_comes_as_json(
    there: Baseline, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main([*WHAT_IS_THERE, f"--out={tmp_path}", "--json"])
    assert end.value.code == ExitCode.OK
    [shown] = json.loads(capsys.readouterr().out)
    assert Baseline.model_validate_json(json.dumps(shown)) == there


def test_people_are_shown_both_rewards_their_seeds_the_gap_and_the_file(
    there: Baseline, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main([*WHAT_IS_THERE, f"--out={tmp_path}"])
    out = capsys.readouterr().out
    assert end.value.code == ExitCode.OK
    assert "FetchReach-v4: closeness (m) after 4,096 steps" in out
    assert "3.000  [2.500, 3.500]" in out
    assert "1.000, 1.000" in out
    assert "human - sparse: 2.000  [1.000, 3.000]" in out
    assert "FetchReach-v4.closeness.4096.json" in out
