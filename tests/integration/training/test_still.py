"""Stills of the reference environments, one of every family."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from envs.card import Family, card
from envs.errors import ReferenceUnavailable
from service.training.still import still
from tests.replay_reader import ReadReplay

DRAWN = {"gymnasium-mujoco": "Hopper-v5", "gymnasium-robotics": "FetchReach-v4"}
NOT_DRAWN = {
    "metaworld": "drawer-open-v3",
    "dm-control": "WalkerWalk-v1",
    "mujoco-playground": "Go1JoystickFlatTerrain-v1",
}


def test_every_family_is_looked_at() -> None:
    assert DRAWN.keys() | NOT_DRAWN.keys() == set(get_args(Family))
    assert {name: card(one).family for name, one in (DRAWN | NOT_DRAWN).items()} == {
        name: name for name in get_args(Family)
    }


def test_a_still_is_a_replay_of_one_frame_in_which_nobody_has_played() -> None:
    files = still(card("Hopper-v5"))
    read = ReadReplay(files.episode)
    assert (read.header["environment"], read.header["reference"], read.header["dt"]) == (
        "Hopper-v5",
        "Hopper-v5",
        0.008,
    )
    assert (read.header["summary"], read.header["components"], read.header["variables"]) == (None, [], [])
    assert read.tensors.keys() == {"origin", "resolution", "links", "rewards"}
    assert len(read.tensors["rewards"]) == 0
    assert files.meshes is None
    assert read.header["links"] == ["torso", "thigh", "leg", "foot"]
    # The hopper's torso stands at 1.25 m, and a reset moves every joint by 0.005 at most.
    np.testing.assert_allclose(read.links[0, 0, :3], [0.0, 0.0, 1.25], atol=0.0051)


def test_a_still_is_the_same_whenever_it_is_made() -> None:
    assert still(card("Hopper-v5")) == still(card("Hopper-v5"))


def test_what_a_robot_is_made_of_comes_along() -> None:
    pytest.importorskip("gymnasium_robotics")
    files = still(card("FetchReach-v4"))
    assert files.meshes is not None
    read = ReadReplay(files.episode)
    assert read.header["meshes"] == files.meshes.digest
    assert len(read.links) == 1


@pytest.mark.parametrize("name", NOT_DRAWN.values(), ids=NOT_DRAWN)
def test_where_there_is_no_reference_there_is_nothing_to_draw(name: str) -> None:
    with pytest.raises(ReferenceUnavailable, match=f"{name}: expected a reference environment in Gymnasium"):
        still(card(name))
