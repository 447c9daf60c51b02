from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from envs.card import card
from envs.variables import Layout, Transitions
from sandbox import RewardFault, RewardRaised
from service.schema import EpisodeEnd, EpisodeSummary, Fitness, PPOConfig
from service.training import ppo
from service.training.checkpoint import begin
from service.training.evaluate import Evaluation, Examinee, evaluate
from service.training.job import metric_of
from service.training.rewards import EnvironmentReward, Judge, Rewards

HOPPER = card("Hopper-v5")
LAYOUT = Layout(HOPPER)


class FaultyReward:
    """A source whose code always raises."""

    def rewards(self, transitions: Transitions) -> Rewards:
        raise RewardRaised("ZeroDivisionError", "division by zero", 3)

    def close(self) -> None:
        pass


def actor(seed: int) -> ppo.Actor:
    """A policy as it begins: it hardly moves, and its Hopper falls in well under a hundred steps."""
    return ppo.actor(begin(seed, 11, 3, PPOConfig(hidden_sizes=(8,))).state)


@pytest.fixture
def judge() -> Iterator[Judge]:
    metric = HOPPER.metric("forward_speed")
    made = Judge(HOPPER, metric_of(HOPPER, Fitness(name=metric.name, score=metric.score, success=metric.success)))
    yield made
    made.close()


def test_a_fault_of_one_leaves_the_others_as_they_are_alone(judge: Judge) -> None:
    first, third = (Examinee(actor(seed), [seed, seed + 10], EnvironmentReward()) for seed in (1, 3))
    faulty = Examinee(actor(2), [2, 12], FaultyReward())
    together = evaluate(LAYOUT, [first, faulty, third], judge, threads=2)
    assert isinstance(together[1], RewardFault)
    assert "division by zero" in str(together[1])
    assert together[0] == evaluate(LAYOUT, [first], judge, threads=1)[0]
    assert together[2] == evaluate(LAYOUT, [third], judge, threads=1)[0]
    assert together[0] != together[2]


def test_an_evaluation_is_one_episode_of_each_seed_up_to_its_end(judge: Judge) -> None:
    (evaluation,) = evaluate(LAYOUT, [Examinee(actor(1), [5, 6], EnvironmentReward())], judge, threads=2)
    assert isinstance(evaluation, Evaluation)
    assert len(evaluation.episodes) == 2
    assert all(episode.end is EpisodeEnd.TERMINATED for episode in evaluation.episodes)
    assert evaluation.environment_steps == sum(episode.length for episode in evaluation.episodes)
    # the environment's own reward pays 1 for each step lived and little else
    for episode in evaluation.episodes:
        assert episode.total_reward == pytest.approx(episode.length, abs=0.2 * episode.length)


def test_an_evaluation_is_summed_up_by_means() -> None:
    def episode(score: float, success: bool, length: int, end: EpisodeEnd) -> EpisodeSummary:
        return EpisodeSummary(
            score=score, success=success, length=length, end=end, total_reward=0.0, components={}, last_variables={}
        )

    evaluation = Evaluation(
        (
            episode(1.0, True, 1000, EpisodeEnd.TRUNCATED),
            episode(0.5, False, 200, EpisodeEnd.TERMINATED),
            episode(0.0, False, 300, EpisodeEnd.TERMINATED),
            episode(0.5, False, 500, EpisodeEnd.TERMINATED),
        ),
        2000,
    )
    assert evaluation.fitness == 0.5
    assert evaluation.success_rate == 0.25
    assert evaluation.episode_length == 500.0
    assert evaluation.terminated_rate == 0.75
    # squares about the mean 0.5 sum to 0.5; sqrt(0.5 / 3 / 4) = 0.20412
    assert evaluation.fitness_error == pytest.approx(0.2041241)
    assert Evaluation(evaluation.episodes[:1], 1000).fitness_error is None  # one episode shows no scatter


def test_a_policy_is_judged_by_deterministic_actions(judge: Judge) -> None:
    examinee = Examinee(actor(1), [5, 6], EnvironmentReward())
    once, again = (evaluate(LAYOUT, [examinee], judge, threads=2)[0] for _ in range(2))
    assert once == again
    assert isinstance(once, Evaluation)
    assert np.isfinite(once.fitness)
