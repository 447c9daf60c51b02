"""Card files that take over others, and the lines at which their faults stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from envs.card_text import CardReader
from envs.errors import CardInvalid

BASE = """\
title = "Arm"
dt = 0.1

[engine]
task = "Arm"
kind = "envpool"

[[variables]]
name = "reach"
unit = "m"

[[variables]]
name = "speed"
unit = "m/s"
"""
OWN = """\
extends = "_arm"
dt = 0.2

[engine]
task = "LongArm"

[[variables]]
name = "grip"
unit = "rad"

[[variables]]
name = "reach"
unit = "rad"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "_arm.toml").write_text(BASE, encoding="utf-8")
    (tmp_path / "long.toml").write_text(OWN, encoding="utf-8")
    return tmp_path


def test_tables_merge_named_tables_join_and_other_values_replace(folder: Path) -> None:
    # reach is replaced where it stood, speed is inherited, grip is new
    assert CardReader().read(folder / "long.toml").document == {
        "title": "Arm",
        "dt": 0.2,
        "engine": {"task": "LongArm", "kind": "envpool"},
        "variables": [
            {"name": "reach", "unit": "rad"},
            {"name": "speed", "unit": "m/s"},
            {"name": "grip", "unit": "rad"},
        ],
    }


def test_each_thing_stands_at_the_line_of_the_file_that_says_it(folder: Path) -> None:
    text = CardReader().read(folder / "long.toml")
    assert text.place(("dt",)) == "long.toml:2"
    assert text.place(("title",)) == "_arm.toml:1"
    assert text.place(("engine", "task")) == "long.toml:5"
    assert text.place(("engine", "kind")) == "_arm.toml:6"
    assert text.place(("variables", 0, "unit")) == "long.toml:13"
    assert text.place(("variables", 1, "unit")) == "_arm.toml:14"
    assert text.place(("variables", 2, "unit")) == "long.toml:9"


def test_what_is_not_there_stands_at_its_table_and_at_worst_in_its_file(folder: Path) -> None:
    text = CardReader().read(folder / "long.toml")
    assert text.place(("variables", 0, "role")) == "long.toml:11"
    assert text.place(("max_steps",)) == "long.toml"
    assert text.place(()) == "long.toml"


def test_a_table_that_a_file_has_twice_replaces_once_and_is_one_too_many(folder: Path) -> None:
    twice = '\n[[variables]]\nname = "reach"\nunit = "m"\n'
    (folder / "mine.toml").write_text('extends = "_arm"\n' + twice + twice, encoding="utf-8")
    text = CardReader().read(folder / "mine.toml")
    variables = text.document["variables"]
    assert isinstance(variables, list)
    assert [one["name"] for one in variables if isinstance(one, dict)] == ["reach", "speed", "reach"]
    assert text.place(("variables", 2, "name")) == "mine.toml:8"


def test_a_grandchild_inherits_from_all_before_it(folder: Path) -> None:
    (folder / "longer.toml").write_text('extends = "long"\ntitle = "Longer arm"\n', encoding="utf-8")
    document = CardReader().read(folder / "longer.toml").document
    assert (document["title"], document["dt"]) == ("Longer arm", 0.2)


@pytest.mark.parametrize("name", ["none", "../_arm", ""])
def test_a_base_that_is_not_in_the_folder_is_refused_with_those_that_are(folder: Path, name: str) -> None:
    path = folder / "mine.toml"
    path.write_text(f'dt = 1\nextends = "{name}"\n', encoding="utf-8")
    with pytest.raises(
        CardInvalid, match=r"mine\.toml:2: extends: expected a file of this folder .*\(_arm, long\), got"
    ):
        CardReader().read(path)


def test_a_base_that_is_no_text_is_refused(folder: Path) -> None:
    path = folder / "mine.toml"
    path.write_text("extends = 3\n", encoding="utf-8")
    with pytest.raises(CardInvalid, match=r"mine\.toml:1: extends: .* got 3"):
        CardReader().read(path)


def test_files_that_extend_each_other_are_refused(folder: Path) -> None:
    (folder / "_arm.toml").write_text('extends = "long"\n', encoding="utf-8")
    with pytest.raises(CardInvalid, match=r"long\.toml:1: extends: .*long\.toml extends _arm\.toml extends long\.toml"):
        CardReader().read(folder / "long.toml")


def test_a_table_that_a_text_of_several_lines_speaks_of_is_none(folder: Path) -> None:
    path = folder / "mine.toml"
    path.write_text('title = """\n[[metrics]]\nname = 3\n"""\n\n[[metrics]]\nname = "speed"\n', encoding="utf-8")
    assert CardReader().read(path).place(("metrics", 0, "name")) == "mine.toml:7"


def test_a_mark_of_byte_order_is_no_part_of_a_card(folder: Path) -> None:
    path = folder / "mine.toml"
    path.write_text("dt = 0.1\n", encoding="utf-8-sig")
    assert CardReader().read(path).document == {"dt": 0.1}


@pytest.mark.parametrize("name", ["missing.toml", "."])
def test_a_file_that_cannot_be_read_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(CardInvalid, match="expected a file that can be read, got"):
        CardReader().read(folder / name)
