"""What a worker is said to need in memory."""

from __future__ import annotations

from envs.card import card
from service.schema import Fitness, TrainingConfig
from service.training.footprint import MIB, population_bytes
from service.training.job import TrainingJob, metric_of

CONFIG = TrainingConfig(environments=8, rollout_length=256, evaluation_episodes=4, confirmation_episodes=16)


def job(environment: str, config: TrainingConfig) -> TrainingJob:
    described = card(environment)
    metric = described.metrics[0]
    fitness = Fitness(name=metric.name, score=metric.score, success=metric.success)
    return TrainingJob(described, metric_of(described, fitness), config, 10**6, ())


def test_memory_is_that_of_the_worker_and_of_each_member() -> None:
    # Hopper: frames of 12 and actions of 3 numbers: 3 * 12 + 4 * 3 + 16 = 64 numbers of 4 bytes for a transition; 16 episodes of
    # 1000 steps are more than 8 * 256 transitions: 16000 * 256 = 4096000 bytes, beside 16 MiB and 3/4 MiB for each of those 16
    # episodes' environments
    assert population_bytes(job("Hopper-v5", CONFIG), 3) == 768 * MIB + 3 * (16 * MIB + 12 * MIB + 4_096_000)


def test_long_rollouts_count_where_they_are_more_than_the_episodes() -> None:
    # 64 * 4096 = 262144 transitions of 256 bytes are 64 MiB, beside 16 MiB and 48 MiB of environments
    wide = CONFIG.model_copy(update={"environments": 64, "rollout_length": 4096})
    assert population_bytes(job("Hopper-v5", wide), 1) == (768 + 16 + 48 + 64) * MIB


def test_sixteen_candidates_on_the_ant_are_asked_for_with_less_than_three_gib() -> None:
    assert population_bytes(job("Ant-v5", CONFIG), 16) < 3 * 1024 * MIB


def test_an_environment_takes_what_the_largest_of_its_family_takes() -> None:
    # 16 episodes' environments of 16 MiB each, where a Hopper's take 3/4 MiB
    without = population_bytes(job("FetchReach-v4", CONFIG), 0)
    # frames of 16 and actions of 4 numbers: 3 * 16 + 4 * 4 + 16 = 80 numbers of 4 bytes for each of 8 * 256 transitions
    assert population_bytes(job("FetchReach-v4", CONFIG), 1) - without == (16 + 16 * 16) * MIB + 8 * 256 * 320
