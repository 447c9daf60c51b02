"""What is recorded of an environment: random torques, and the trained behaviour that they never reach."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from envs.card import card
from envs.recording import Recording, record, record_transitions
from tests.representatives import WITH_POLICY

COUNT = 4096


@cache
def recorded(name: str, seed: int = 0) -> Recording:
    return record(card(name), COUNT, seed)


@pytest.mark.parametrize("name", WITH_POLICY)
def test_half_of_a_recording_is_random_and_half_is_trained(name: str) -> None:
    recording = recorded(name)

    assert int(recording.trained.sum()) == COUNT // 2
    assert recording.about == "4096 transitions, 2048 under random torques and 2048 under a trained policy"
    assert {len(values) for values in recording.transitions.values()} == {COUNT}
    assert {len(values) for values in recording.untrained.values()} == {COUNT // 2}
    for values in recording.transitions.values():
        assert np.isfinite(values).all()


def test_a_card_without_a_policy_is_recorded_under_random_torques_and_says_so() -> None:
    unknown = card("HalfCheetah-v5").model_copy(update={"id": "HalfCheetah-new"})
    recording = record(unknown, 200)

    assert not recording.trained.any()
    assert recording.about == "200 transitions under random torques; no trained policy of this environment is known"
    assert len(recording.untrained["time"]) == 200


@pytest.mark.parametrize("count", [1, 2, 3, 64, 333])
def test_exactly_as_many_transitions_as_asked_for_are_recorded(count: int) -> None:
    assert {len(values) for values in record_transitions(card("Hopper-v5"), count).values()} == {count}


@pytest.mark.parametrize("name", ["Hopper-v5", "HalfCheetah-v5"])
def test_the_same_seed_records_the_same_and_another_does_not(name: str) -> None:
    first, other = recorded(name), recorded(name, 1)
    again = record(card(name), COUNT, 0)

    for variable, values in first.transitions.items():
        np.testing.assert_array_equal(values, again.transitions[variable], err_msg=variable)
    for trained in (True, False):
        mine, theirs = (r.transitions["torso_angle"][r.trained == trained] for r in (first, other))
        assert (mine != theirs).mean() > 0.9


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_trained_cheetah_runs_faster_and_further_than_any_random_one(seed: int) -> None:
    recording = recorded("HalfCheetah-v5", seed)
    speed, time = recording.transitions["forward_velocity"], recording.transitions["time"]

    # Random torques throw it about at up to 2.1 to 2.3 m/s in three seeds; trained it runs at 4.7 to 4.9 m/s on average.
    fastest = recording.untrained["forward_velocity"].max()
    assert fastest < 3.0
    assert (speed[recording.trained] > fastest).mean() > 0.9
    assert speed[recording.trained].mean() > 4.0
    # An episode lasts 50 s, of which the random half sees the first 2048 / 8 steps of 0.05 s, and one more.
    assert recording.untrained["time"].max() <= 257 * 0.05 + 1e-5
    assert time[recording.trained].max() > 49.0


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_trained_hopper_lands_goes_on_and_falls_where_a_random_one_falls_at_once(seed: int) -> None:
    recording = recorded("Hopper-v5", seed)
    transitions, trained = recording.transitions, recording.trained

    # Random ones fall within 0.54 to 0.82 s and come no further than 0.33 m; trained ones hop on for 8 s and 19 m.
    assert recording.untrained["time"].max() < 1.5
    assert transitions["time"][trained].max() > 6.0
    assert recording.untrained["x_position"].max() < 1.0
    assert transitions["x_position"][trained].max() > 10.0
    late_falls = (transitions["terminated"] == 1.0) & (transitions["time"] > 1.5)
    assert late_falls[trained].any()
    assert not late_falls[~trained].any()


def test_the_first_step_of_an_episode_and_its_last_are_recorded() -> None:
    recording = recorded("FetchReach-v4")
    time = recording.transitions["time"][recording.trained]

    # 50 steps of 0.04 s.
    assert time.min() == pytest.approx(0.04)
    assert time.max() == pytest.approx(2.0)
