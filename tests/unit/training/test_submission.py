from collections.abc import Sequence

import pytest

from service.schema import CurvePoint
from service.training.errors import TrainingStopped
from service.training.job import SegmentDone
from service.training.packing import Node
from service.training.submission import Submission, at_speed_of_all
from tests.integration.training.small_jobs import OURS, job_of

POINT = CurvePoint(
    segment=0, steps=1000, fitness=0.5, success_rate=0.0, episode_length=100.0, terminated_rate=1.0, training_return=None,
    training_length=None, components={}, steps_per_second=6000.0, policy_loss=0.1, value_loss=1.0, entropy=1.0,
    approximate_kl=0.01,
)  # fmt: skip


def test_the_speed_told_is_of_all_populations_at_work() -> None:
    done = SegmentDone("ours", POINT, b"checkpoint", 1000)
    # The members on two cores step 6000 times a second, 3000 on each; all populations have ten.
    told = at_speed_of_all(done, cores=2, at_work=10)
    assert told.point.steps_per_second == 30_000.0
    assert told.point.model_copy(update={"steps_per_second": 6000.0}) == POINT
    assert at_speed_of_all(done, cores=2, at_work=2) == done


def test_a_job_submits_nothing_before_its_turn_and_can_be_stopped_while_it_waits() -> None:
    def nodes() -> Sequence[Node]:
        raise AssertionError("nodes were asked for, to be submitted to")

    asked: list[bool] = []

    def stopped() -> bool:
        asked.append(True)
        return len(asked) == 2

    submission = Submission(job_of(OURS), nodes, lambda _: None, lambda: None, lambda one: one is not submission)
    assert submission.waits
    with pytest.raises(TrainingStopped):
        list(submission.progress(stopped))
    assert submission.waits
