"""What a member makes of a rollout and of an evaluation: scripted transitions in, the very update of them out."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from envs.card import card
from envs.rollout import Collected
from envs.variables import Layout, Transitions
from service.schema import EpisodeEnd, EpisodeSummary, Fitness, PPOConfig, TrainingConfig
from service.schema.segments import SegmentPlan
from service.training import ppo
from service.training.checkpoint import begin
from service.training.evaluate import Evaluation
from service.training.job import Member, TrainingJob, metric_of
from service.training.member import MemberTraining
from service.training.policy import load_actor
from service.training.rewards import EnvironmentReward

HOPPER = card("Hopper-v5")
LAYOUT = Layout(HOPPER)
STEPS, WIDTH = 8, 2
PPO = PPOConfig(hidden_sizes=(8,), epochs=2, minibatch_size=8, learning_rate=1e-2, learning_rate_schedule="linear")
CONFIG = TrainingConfig(
    environments=WIDTH, rollout_length=STEPS, evaluation_episodes=3, confirmation_episodes=5, ppo=PPO
)
PLAN = SegmentPlan(segments=3, rollouts=2, rollout_length=STEPS, environments=WIDTH)


def member(seed: int = 3) -> MemberTraining:
    metric = HOPPER.metric("forward_speed")
    fitness = Fitness(name=metric.name, score=metric.score, success=metric.success)
    one = Member("one", seed, None)
    job = TrainingJob(card=HOPPER, metric=metric_of(HOPPER, fitness), config=CONFIG, steps=PLAN.steps, members=(one,))
    checkpoint = begin(seed, len(LAYOUT.policy_columns), HOPPER.action.size, PPO)
    return MemberTraining(one, checkpoint, EnvironmentReward(), job)


def collected(seed: int) -> Collected:
    """Random transitions: the first environment falls in step 2 and resets in 3, the second runs out of time in 4 and resets in 5.

    The policy chose actions beyond the bounds, which the environment clipped.
    """
    random = np.random.default_rng(seed)

    def normal(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return random.normal(size=shape).astype(np.float32)

    chosen = 3.0 * normal(STEPS, WIDTH, HOPPER.action.size)
    terminated, truncated, valid = (
        np.zeros((STEPS, WIDTH), bool),
        np.zeros((STEPS, WIDTH), bool),
        np.ones((STEPS, WIDTH), bool),
    )
    terminated[2, 0], truncated[4, 1], valid[3, 0], valid[5, 1] = True, True, False, False
    actions = np.clip(chosen, HOPPER.action.low, HOPPER.action.high)
    assert (actions != chosen).any()
    transitions = Transitions(
        frames=normal(STEPS + 1, WIDTH, LAYOUT.width),
        actions=actions,
        previous_actions=np.zeros_like(actions),
        elapsed=np.ones((STEPS, WIDTH), np.int32),
        rewards=normal(STEPS, WIDTH),
        terminated=terminated,
        truncated=truncated,
        valid=valid,
    )
    return Collected(transitions, chosen)


def expected(state: ppo.MemberState, seeds: list[int]) -> ppo.MemberState:
    """The updates worked out beside the member: rates fall in a line over all six updates of the plan."""
    running = jnp.zeros(WIDTH, jnp.float32)
    for number, seed in enumerate(seeds):
        seen = collected(seed)
        rollout = ppo.Rollout(
            observations=jnp.asarray(seen.transitions.frames[..., LAYOUT.policy_columns]),
            actions=jnp.asarray(seen.chosen),
            rewards=jnp.where(seen.transitions.valid, seen.transitions.rewards, 0.0),
            terminated=jnp.asarray(seen.transitions.terminated),
            truncated=jnp.asarray(seen.transitions.truncated),
            valid=jnp.asarray(seen.transitions.valid),
            running_return=running,
        )
        state, report = ppo.update(state, rollout, np.float32(1e-2 * (1 - number / 6)), PPO)
        running = report.running_return
    return state


def evaluation(score: float) -> Evaluation:
    episode = EpisodeSummary(
        score=score, success=False, length=10, end=EpisodeEnd.TRUNCATED, total_reward=score, components={}
    )
    return Evaluation((episode,), 10)


def test_a_member_learns_from_what_it_chose_with_falls_time_limits_and_resets_apart_at_a_falling_rate() -> None:
    learner = member()
    begun = learner.state
    for seed in (1, 2):
        learner.learn(LAYOUT, collected(seed), PLAN)
    assert learner.fault is None
    for one, other in zip(jax.tree.leaves(learner.state), jax.tree.leaves(expected(begun, [1, 2])), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_segment_moves_the_checkpoint_on_and_tells_of_its_steps() -> None:
    learner = member()
    learner.learn(LAYOUT, collected(1), PLAN)
    done = learner.end_segment(evaluation(0.5), 100.0, PLAN)
    # two rollouts of 8 steps of 2 environments; and the ten of the evaluation, which are charged too
    assert (done.point.segment, done.point.steps, done.environment_steps) == (0, 32, 42)
    assert (done.point.fitness, done.point.fitness_error) == (0.5, None)
    assert learner.checkpoint.segments == 1
    assert learner.checkpoint.state is learner.state


def test_the_policy_that_was_evaluated_best_is_confirmed_and_the_first_of_two_as_good() -> None:
    learner = member()
    policies = []
    for seed, score in enumerate((0.1, 0.7, 0.7)):
        learner.begin_segment()
        learner.learn(LAYOUT, collected(seed), PLAN)
        policies.append(ppo.actor(learner.state))
        learner.end_segment(evaluation(score), 100.0, PLAN)
    best = learner.checkpoint.best
    assert best is not None
    assert (best.segment, best.fitness) == (1, 0.7)
    for one, other in zip(jax.tree.leaves(learner.best_examinee().actor), jax.tree.leaves(policies[1]), strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(jax.tree.leaves(load_actor(best.policy)), jax.tree.leaves(policies[1]), strict=True):
        np.testing.assert_array_equal(one, other)
    finished = learner.finish(evaluation(0.4))
    assert (finished.result.best_segment, finished.result.fitness, finished.policy) == (1, 0.4, best.policy)


@pytest.mark.parametrize("seed", [0, 7])
def test_a_policy_is_confirmed_on_seeds_that_it_was_never_chosen_by(seed: int) -> None:
    learner = member(seed)
    chosen_by: list[int] = []
    for number in range(3):
        learner.begin_segment()
        learner.learn(LAYOUT, collected(number), PLAN)
        chosen_by += learner.examinee().seeds
        learner.end_segment(evaluation(0.1 * number), 100.0, PLAN)
    confirmed_by = list(learner.best_examinee().seeds)
    # three episodes after each of three segments, and five at the end
    assert (len(set(chosen_by)), len(set(confirmed_by))) == (9, 5)
    assert set(chosen_by).isdisjoint(confirmed_by)
