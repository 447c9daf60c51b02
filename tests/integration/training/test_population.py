"""How a population divides the cores that it has."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from envs.engines.envpool import EnvPoolEngine
from envs.variables import Layout
from service.training.job import Member, SegmentDone
from service.training.lane import Cores
from service.training.population import Population
from tests.integration.training.small_jobs import job_of


@pytest.mark.parametrize(
    ("members", "threads", "of_each_lane"),
    [
        pytest.param(2, 2, [1, 1], id="a core for each lane"),
        pytest.param(2, 3, [3, 3], id="more cores than lanes"),
        pytest.param(1, 2, [2], id="one lane has all"),
        pytest.param(2, 1, [1], id="a single core has one lane"),
    ],
)
def test_lanes_that_have_a_core_each_step_their_environments_in_one_thread(
    members: int, threads: int, of_each_lane: list[int]
) -> None:
    made: list[int] = []

    def engine(layout: Layout, seeds: Sequence[int], threads: int) -> EnvPoolEngine:
        made.append(threads)
        return EnvPoolEngine(layout, seeds, threads)

    job = job_of(*(Member(str(seed), seed, None) for seed in range(members)), segments=1)
    done = [one for one in Population(job, threads, engine).train() if isinstance(one, SegmentDone)]
    assert len(done) == members
    assert made == of_each_lane


def test_a_lane_that_has_ended_leaves_its_core_to_the_other() -> None:
    cores = Cores(threads=2, lanes=2)
    assert cores.of_a_lane == 1
    cores.leave()
    assert cores.of_a_lane == 2
    cores.leave()
    assert cores.of_a_lane == 2
