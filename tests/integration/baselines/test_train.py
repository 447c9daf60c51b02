"""A baseline that is stopped and made again ends as the undisturbed one, and is there once it is whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest

from envs.card import card
from service.baselines.folder import BaselineFolder, BaselinePlan
from service.baselines.train import BaselineFailed, make_baseline, plan_baseline
from service.evolution.comparison import gap, interval
from service.evolution.seeds import comparison_seeds
from service.schema import Baseline, PPOConfig, TrainingConfig
from service.training.errors import TrainingStopped
from service.training.job import ClusterProgress, MemberFailed, TrainingJob
from service.training.population import Population

ARM = card("FetchReach-v4")
QUICK = TrainingConfig(
    environments=2,
    rollout_length=60,
    evaluation_episodes=1,
    confirmation_episodes=2,
    ppo=PPOConfig(hidden_sizes=(8,), epochs=1, minibatch_size=60),
)
SEGMENT = 240  # two episodes of 50 steps in each of two environments, in two rollouts of 60 steps
SEEDS = 2
ALL = 2 * SEEDS * 2 + 2 * SEEDS  # two rewards: two segments and one result of each training


def plan(steps: int = 2 * SEGMENT + 90) -> BaselinePlan:
    return plan_baseline(ARM, ARM.metrics[0], QUICK, steps, SEEDS)


def train(job: TrainingJob) -> Iterator[ClusterProgress]:
    yield from Population(job, threads=1).train()


def stopped_after(count: int) -> Callable[[TrainingJob], Iterator[ClusterProgress]]:
    def training(job: TrainingJob) -> Iterator[ClusterProgress]:
        yield from islice(train(job), count)
        raise TrainingStopped

    return training


def make(
    folder: Path, how: Callable[[TrainingJob], Iterator[ClusterProgress]] = train, of: BaselinePlan | None = None
) -> Baseline:
    return make_baseline(ARM, of or plan(), BaselineFolder(folder, of or plan()), how, lambda _: None)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an undisturbed baseline."""
    folder = tmp_path_factory.mktemp("whole")
    make(folder)
    return folder


@pytest.fixture(scope="module")
def undisturbed(whole: Path) -> Baseline:
    found = BaselineFolder(whole, plan()).finished()
    assert found is not None
    return found


def test_a_baseline_says_what_was_trained_and_how_it_came_out(undisturbed: Baseline) -> None:
    # what fills no whole segment is left out; each training ends with its second segment of 200 steps
    assert undisturbed.steps == 480
    assert undisturbed.seeds == tuple(comparison_seeds(SEEDS, 0))
    assert set(undisturbed.versions) == {"rewardsmith", "envpool", "jax", "mujoco", "numpy"}
    for reward in (undisturbed.human, undisturbed.sparse):
        assert [[point.steps for point in training.curve] for training in reward.trainings] == [[240, 480]] * SEEDS
        assert reward.interval == interval(reward.scores)
    assert undisturbed.gap == gap(undisturbed.human.scores, undisturbed.sparse.scores)


@pytest.mark.parametrize("count", [6, ALL])
def test_one_that_was_stopped_goes_on_where_it_was_and_ends_the_same(
    count: int, undisturbed: Baseline, tmp_path: Path
) -> None:
    with pytest.raises(TrainingStopped):
        make(tmp_path, stopped_after(count))
    assert BaselineFolder(tmp_path, plan()).finished() is None

    told: list[ClusterProgress] = []
    folder = BaselineFolder(tmp_path, plan())
    assert make_baseline(ARM, plan(), folder, train, told.append) == undisturbed
    assert len(told) == ALL - count
    assert folder.finished() == undisturbed
    assert list(tmp_path.iterdir()) == [folder.path]


def test_what_was_begun_of_another_plan_is_not_gone_on_with(undisturbed: Baseline, tmp_path: Path) -> None:
    other = plan().model_copy(update={"versions": {"jax": "0.0.1"}})
    with pytest.raises(TrainingStopped):
        make(tmp_path, stopped_after(1), of=other)

    told: list[ClusterProgress] = []
    assert make_baseline(ARM, plan(), BaselineFolder(tmp_path, plan()), train, told.append) == undisturbed
    assert len(told) == ALL


def test_a_finished_one_of_another_plan_does_not_count_as_finished(whole: Path) -> None:
    other = plan().model_copy(update={"versions": {"jax": "0.0.1"}})
    assert BaselineFolder(whole, other).path == BaselineFolder(whole, plan()).path
    assert BaselineFolder(whole, other).finished() is None


def test_a_reward_that_cannot_be_trained_ends_it_with_its_reason(tmp_path: Path) -> None:
    def failing(job: TrainingJob) -> Iterator[ClusterProgress]:
        yield MemberFailed(job.members[0].id, "diverged: expected finite policy parameters")

    with pytest.raises(BaselineFailed, match="human-0: expected a trained policy, got: diverged"):
        make(tmp_path, failing)
    assert BaselineFolder(tmp_path, plan()).finished() is None
