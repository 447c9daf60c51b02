from __future__ import annotations

from dataclasses import dataclass
from itertools import count

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from envs.card import Action, Ending, Engine, EnvCard, Metric, Variable
from envs.engines.engine import EngineStep, VectorEngine
from envs.rollout import Act, Collected, Collector
from envs.variables import Floats, Layout

EPISODE, STEP = 0, 1


@dataclass(frozen=True)
class End:
    """An episode of `length` steps and how it ends."""

    length: int
    terminated: bool = True


class ScriptedEngine:
    """Environments that end as a script says, over and over, and reset in the step after; as EnvPool does it.

    A frame is (number of the episode, steps into it); the reward of a step is 10 * episode + step.
    """

    def __init__(self, *scripts: list[End]) -> None:
        self._scripts = scripts
        self._episode = [0] * len(scripts)
        self._step = [0] * len(scripts)
        self._over = [False] * len(scripts)
        self.received: list[Floats] = []

    def reset(self) -> Floats:
        return self._frames()

    def step(self, actions: Floats) -> EngineStep:
        self.received.append(actions.copy())
        rewards = np.zeros(len(self._scripts), np.float32)
        terminated, truncated = np.zeros(len(self._scripts), bool), np.zeros(len(self._scripts), bool)
        for i, script in enumerate(self._scripts):
            if self._over[i]:
                self._over[i], self._episode[i], self._step[i] = False, self._episode[i] + 1, 0
                continue
            self._step[i] += 1
            rewards[i] = 10 * self._episode[i] + self._step[i]
            end = script[self._episode[i] % len(script)]
            if self._step[i] == end.length:
                self._over[i] = True
                terminated[i], truncated[i] = end.terminated, not end.terminated
        return EngineStep(self._frames(), rewards, terminated | truncated, truncated)

    def close(self) -> None:
        pass

    def _frames(self) -> Floats:
        return np.array([self._episode, self._step], np.float32).T.copy()


LAYOUT = Layout(
    EnvCard(
        id="Scripted",
        title="Scripted",
        family="gymnasium-mujoco",
        summary="Ends when it is told to.",
        engine=Engine(kind="envpool", task="none", reference="none"),
        dt=0.1,
        max_steps=100,
        steps=100,
        observation={"obs": 2},
        policy=("obs",),
        action=Action(names=("push",), low=-1.0, high=1.0, unit="N", about="Pushes nothing."),
        ending=Ending(about="As the script says.", early=True),
        variables=(Variable(name="step", unit="1", role="position", source="obs[1]", about="Steps so far."),),
        metrics=(Metric(name="length", about="Steps lived.", unit="1", score="steps", success="steps > 0"),),
        sparse_reward="step",
        human_reward="environment",
    )
)


def ticking(environments: int) -> Act:
    """A policy whose n-th action, for every environment, is (n + 1) / 100."""
    ticks = count(1)
    return lambda t, frames: np.full((environments, 1), next(ticks) / 100, np.float32)


def collect(engine: VectorEngine, length: int, environments: int) -> Collected:
    return Collector(engine, LAYOUT).collect(length, ticking(environments))


def column(values: NDArray[np.generic], environment: int = 0) -> list[float]:
    return values[:, environment].ravel().tolist()


def test_the_step_that_only_resets_is_no_transition() -> None:
    # an episode of 2 steps, the reset, one of 3, the reset
    transitions = collect(ScriptedEngine([End(2), End(3, terminated=False)]), 7, 1).transitions
    assert column(transitions.valid) == [True, True, False, True, True, True, False]
    assert column(transitions.terminated) == [False, True, False, False, False, False, False]
    assert column(transitions.truncated) == [False, False, False, False, False, True, False]


def test_the_frame_after_an_end_is_the_last_of_its_episode_and_the_next_one_the_first() -> None:
    frames = collect(ScriptedEngine([End(2)]), 4, 1).transitions.frames
    # (episode, step) before step 0, and after each of the four steps; the third only resets
    assert frames[:, 0].tolist() == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1]]


def test_elapsed_counts_the_steps_of_an_episode_and_begins_anew_after_the_reset() -> None:
    transitions = collect(ScriptedEngine([End(2), End(3)]), 8, 1).transitions
    assert column(transitions.elapsed) == [1, 2, 0, 1, 2, 3, 0, 1]


def test_no_action_precedes_the_first_of_an_episode() -> None:
    transitions = collect(ScriptedEngine([End(2)]), 5, 1).transitions
    # actions 0.01 to 0.05; steps 0 and 3 are first ones, step 2 only resets
    before = np.array(column(transitions.previous_actions))[column(transitions.valid)]
    np.testing.assert_allclose(before, [0.0, 0.01, 0.0, 0.04], rtol=1e-6)


def test_environments_do_not_wait_for_each_other() -> None:
    transitions = collect(ScriptedEngine([End(1)], [End(100)], [End(3)]), 4, 3).transitions
    assert [column(transitions.valid, m) for m in range(3)] == [
        [True, False, True, False],
        [True, True, True, True],
        [True, True, True, False],
    ]


def test_the_environments_own_rewards_are_kept() -> None:
    assert column(collect(ScriptedEngine([End(2)]), 5, 1).transitions.rewards) == [1, 2, 0, 11, 12]


def test_the_environment_receives_clipped_actions_and_the_chosen_ones_are_kept() -> None:
    engine = ScriptedEngine([End(9)], [End(9)])
    collected = Collector(engine, LAYOUT).collect(1, lambda t, frames: np.array([[2.5], [-0.5]], np.float32))
    assert collected.chosen.ravel().tolist() == [2.5, -0.5]
    assert collected.transitions.actions.ravel().tolist() == [1.0, -0.5]
    assert engine.received[0].ravel().tolist() == [1.0, -0.5]


def test_the_policy_sees_the_frame_before_its_step() -> None:
    seen: list[list[float]] = []

    def act(t: int, frames: Floats) -> Floats:
        seen.append([t, *frames[0].tolist()])
        return np.zeros((1, 1), np.float32)

    Collector(ScriptedEngine([End(2)]), LAYOUT).collect(4, act)
    assert seen == [[0, 0, 0], [1, 0, 1], [2, 0, 2], [3, 1, 0]]


@pytest.mark.parametrize("cut", [1, 2, 3, 5])
def test_episodes_carry_on_from_one_rollout_into_the_next(cut: int) -> None:
    script = [End(2), End(3, terminated=False), End(1)]
    whole = collect(ScriptedEngine(script), 9, 1).transitions
    collector = Collector(ScriptedEngine(script), LAYOUT)
    act = ticking(1)
    first, second = collector.collect(cut, act).transitions, collector.collect(9 - cut, act).transitions
    for name in ("actions", "previous_actions", "elapsed", "rewards", "terminated", "truncated", "valid"):
        joined = np.concatenate([getattr(first, name), getattr(second, name)])
        np.testing.assert_array_equal(joined, getattr(whole, name), err_msg=name)
    np.testing.assert_array_equal(np.concatenate([first.frames, second.frames[1:]]), whole.frames)
    np.testing.assert_array_equal(first.frames[-1], second.frames[0])


def test_whole_episodes_stop_when_the_last_environment_has_ended() -> None:
    engine = ScriptedEngine([End(2)], [End(4, terminated=False)])
    transitions = Collector(engine, LAYOUT).episodes(50, ticking(2)).transitions
    assert len(engine.received) == 4
    assert transitions.frames.shape == (5, 2, 2)
    # what the first environment does after its end counts nothing, a second episode included
    assert column(transitions.valid, 0) == [True, True, False, False]
    assert column(transitions.valid, 1) == [True, True, True, True]


def test_whole_episodes_stop_at_the_most_steps_where_nothing_ends() -> None:
    transitions = Collector(ScriptedEngine([End(100)]), LAYOUT).episodes(3, ticking(1)).transitions
    assert column(transitions.valid) == [True, True, True]
    assert not transitions.terminated.any()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    scripts=st.lists(
        st.lists(st.builds(End, st.integers(1, 6), st.booleans()), min_size=1, max_size=4), min_size=1, max_size=3
    ),
    length=st.integers(1, 30),
)
def test_every_valid_transition_lies_within_one_episode(scripts: list[list[End]], length: int) -> None:
    environments = len(scripts)
    transitions = collect(ScriptedEngine(*scripts), length, environments).transitions
    before, after = transitions.frames[:-1], transitions.frames[1:]
    valid = transitions.valid
    assert (before[..., EPISODE] == after[..., EPISODE])[valid].all()
    assert (after[..., STEP] == before[..., STEP] + 1)[valid].all()
    assert (after[..., STEP] == transitions.elapsed)[valid].all()
    # and nothing but valid transitions and resets: a reset begins the next episode at step 0
    assert (after[..., EPISODE] == before[..., EPISODE] + 1)[~valid].all()
    assert (after[..., STEP] == 0)[~valid].all()
    first = valid & (transitions.elapsed == 1)
    assert (transitions.previous_actions[first] == 0).all()
    later = np.argwhere(valid & (transitions.elapsed > 1))
    assert all(transitions.previous_actions[t, m, 0] == transitions.actions[t - 1, m, 0] for t, m in later)


def test_what_some_environments_collected_is_a_view() -> None:
    collected = collect(ScriptedEngine([End(2)], [End(3)]), 5, 2)
    part = collected.of(slice(1, 2))
    assert column(part.transitions.valid) == column(collected.transitions.valid, 1)
    assert np.shares_memory(part.chosen, collected.chosen)
    assert part.chosen.shape == (5, 1, 1)
