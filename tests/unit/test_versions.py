"""Reference and training are one physics only while both carry the same MuJoCo."""

from __future__ import annotations

import ctypes
import re
from importlib import util
from importlib.metadata import requires, version
from pathlib import Path

import mujoco
import pytest

HERE = Path(__file__).parents[2]
ENVPOOL = Path(util.find_spec("envpool").origin).parent  # type: ignore[union-attr, arg-type]
LIBRARIES = sorted((ENVPOOL / "mujoco").glob("*_envpool.so"))


def carried(library: Path) -> str:
    """The version that the MuJoCo linked into an EnvPool library gives of itself."""
    version_string = ctypes.CDLL(str(library)).mj_versionString
    version_string.restype = ctypes.c_char_p
    return str(version_string().decode())


def test_envpool_still_brings_its_gymnasium_environments() -> None:
    assert "mujoco_gym_envpool.so" in {library.name for library in LIBRARIES}


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda library: library.name)
def test_mujoco_is_the_version_that_envpool_carries(library: Path) -> None:
    assert carried(library) == mujoco.mj_versionString()


def test_mujoco_is_pinned_to_what_is_installed() -> None:
    assert f"mujoco=={version('mujoco')}" in (requires("rewardsmith") or [])


def test_constraints_pin_every_dependency_and_name_no_place() -> None:
    lines = [line for line in (HERE / "constraints.txt").read_text(encoding="utf-8").splitlines() if line[0] != "#"]
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9_.-]+==[A-Za-z0-9.+]+", line)] == []
    pinned = {re.sub(r"[-_.]+", "-", line.split("==")[0]).lower() for line in lines}
    wanted = {re.sub(r"[-_.]+", "-", re.split(r"[=<>\[; ]", line)[0]).lower() for line in requires("rewardsmith") or []}
    assert wanted - pinned == set()
