"""Trainings on a cluster of two nodes (raylets on this machine): where they run, how they are stopped, what a loss costs."""

from __future__ import annotations

import logging
import os
import re
import secrets
import select
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import psutil
import pytest
import ray.cluster_utils
from ray._private.authentication_test_utils import reset_auth_token_state

from service.schema import PPOConfig
from service.training.cluster import Cluster
from service.training.errors import ClusterTooSmall, ClusterUnreachable, TrainingStopped, WorkerLost
from service.training.footprint import population_bytes
from service.training.job import ClusterProgress, Member, SegmentDone
from tests.descendants import below, below_each, kill
from tests.integration.training.small_jobs import OURS, SMALL, Outcome, job_of, same, train

HUMAN = Member("human", 3, None)
Raylets = ray.cluster_utils.Cluster


@pytest.fixture(scope="module")
def undisturbed() -> Outcome:
    return train(job_of(OURS, HUMAN, segments=2))


@pytest.fixture(scope="module")
def raylets() -> Iterator[Raylets]:
    """A cluster of one node with one core, which asks for a token."""
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    os.environ["RAY_AUTH_MODE"] = "token"
    reset_auth_token_state()
    raylets = Raylets(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    yield raylets
    raylets.shutdown()
    del os.environ["RAY_AUTH_MODE"]
    reset_auth_token_state()


@pytest.fixture(scope="module")
def cluster(raylets: Raylets) -> Iterator[Cluster]:
    with Cluster(raylets.address) as cluster:
        yield cluster


@pytest.fixture
def second(raylets: Raylets) -> ray._private.node.Node:
    """A second node with one core."""
    return next(iter(raylets.worker_nodes), None) or raylets.add_node(num_cpus=1)


def never() -> bool:
    return False


def workers() -> list[psutil.Process]:
    """The processes on this machine that run a training at this moment."""
    return below("ray::_train")


def begun(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Process and node of each population that was begun, as the log tells."""
    return re.findall(r"process (\d+) trains .* on node (\w+)", caplog.text)


@pytest.mark.usefixtures("second")
def test_a_job_is_divided_over_the_nodes_and_ends_with_the_same_bits(
    cluster: Cluster, undisturbed: Outcome, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    divided = Outcome(cluster.train(job_of(OURS, HUMAN, segments=2), never))
    assert len({node for _, node in begun(caplog)}) == 2
    same(divided, undisturbed, "ours")
    same(divided, undisturbed, "human")

    first = begun(caplog)
    caplog.clear()
    list(cluster.train(job_of(OURS, HUMAN, segments=1), never))
    assert sorted(begun(caplog)) == sorted(first)  # the next job finds the same processes, and what they have compiled


@pytest.mark.usefixtures("second")
def test_a_worker_uses_the_memory_that_was_asked_for_and_no_more(cluster: Cluster) -> None:
    used: list[int] = []

    def measure() -> bool:
        with suppress(psutil.NoSuchProcess):
            for worker in workers():
                tree = [worker, *worker.children(recursive=True)]
                used.append(sum(process.memory_full_info().pss for process in tree))
        return False

    job = job_of(OURS, HUMAN, segments=1)
    list(cluster.train(job, measure))
    asked = population_bytes(job, 1)
    assert 0.25 * asked < max(used) < asked


@pytest.mark.usefixtures("second")
def test_a_worker_killed_again_and_again_loses_and_doubles_nothing(cluster: Cluster, undisturbed: Outcome) -> None:
    received: list[ClusterProgress] = []
    for progress in cluster.train(job_of(OURS, HUMAN, segments=2), never):
        received.append(progress)
        if isinstance(progress, SegmentDone) and progress.member_id == "ours" and progress.point.segment < 2:
            for worker in workers():
                worker.kill()
    outcome = Outcome(received)
    assert len(outcome.losses) >= 2
    same(outcome, undisturbed, "ours")
    same(outcome, undisturbed, "human")


def test_a_node_lost_in_the_middle_loses_and_doubles_nothing(
    cluster: Cluster, raylets: Raylets, second: ray._private.node.Node, undisturbed: Outcome
) -> None:
    received: list[ClusterProgress] = []
    for progress in cluster.train(job_of(OURS, HUMAN, segments=2), never):
        received.append(progress)
        if len(received) == 1:  # either worker has a segment left at least
            raylets.remove_node(second, allow_graceful=False)
    outcome = Outcome(received)
    assert [len(loss.member_ids) for loss in outcome.losses] == [1]
    same(outcome, undisturbed, "ours")
    same(outcome, undisturbed, "human")


def test_workers_that_die_before_every_segment_are_given_up(cluster: Cluster) -> None:
    def kill_all() -> bool:
        kill(workers())
        return False

    told: list[ClusterProgress] = []
    with pytest.raises(WorkerLost, match="5 times in a row"):
        told.extend(cluster.train(job_of(OURS), kill_all))
    assert len(told) == 4


class Stop:
    """Asks a training to stop as soon as `due`, and remembers when, and which processes were at work for it then."""

    def __init__(self, due: Callable[[], bool]) -> None:
        self._due = due
        self.doomed: list[int] = []

    def __call__(self) -> bool:
        if not self._due():
            return False
        found = workers()
        sandboxes = below_each(found)
        self.sandboxes = len(sandboxes)
        self.asked = time.monotonic()
        for process in found + sandboxes:
            with suppress(ProcessLookupError):
                self.doomed.append(os.pidfd_open(process.pid))
        return True

    def seconds_until_all_are_dead(self) -> float:
        """Until each has ended: Ray takes up to two seconds to notice that an orphaned sandbox has, which holds nothing by then."""
        for doomed in self.doomed:
            assert select.select([doomed], [], [], 30)[0]
            os.close(doomed)
        return time.monotonic() - self.asked


def test_a_stopped_population_is_dead_within_two_seconds_and_goes_on_later_where_it_was(
    cluster: Cluster, undisturbed: Outcome
) -> None:
    received: list[ClusterProgress] = []
    stop = Stop(lambda: bool(received))
    with pytest.raises(TrainingStopped):
        received.extend(cluster.train(job_of(OURS, segments=2), stop))
    assert stop.seconds_until_all_are_dead() < 2.0
    assert stop.sandboxes >= 2  # that of the reward and that of the fitness

    (last,) = received
    assert isinstance(last, SegmentDone)
    received.extend(cluster.train(job_of(OURS, segments=2, checkpoints={"ours": last.checkpoint}), never))
    same(Outcome(received), undisturbed)


def test_a_population_that_compiles_is_dead_within_two_seconds_of_the_wish(cluster: Cluster) -> None:
    # A network of a size that no process has seen, asked to end a while after its worker has begun.
    config = SMALL.model_copy(update={"ppo": PPOConfig(hidden_sizes=(19, 23), minibatch_size=100)})
    polls: list[int] = []

    def compiling() -> bool:
        polls.append(len(workers()))
        return sum(polls) >= 8

    stop = Stop(compiling)
    with pytest.raises(TrainingStopped):
        list(cluster.train(job_of(OURS, config=config), stop))
    assert stop.doomed
    assert stop.seconds_until_all_are_dead() < 2.0


def test_an_address_of_ray_client_is_refused_with_the_one_to_give() -> None:
    with pytest.raises(ClusterUnreachable, match=r"host:port, got ray://head:10001: .* give HOST:6379"):
        Cluster("ray://head:10001")


def test_a_job_that_no_node_has_the_memory_for_is_refused_at_once(cluster: Cluster) -> None:
    huge = SMALL.model_copy(update={"environments": 256, "rollout_length": 4096, "confirmation_episodes": 256})
    crowd = [Member(f"human-{seed}", seed, None) for seed in range(1000)]
    with pytest.raises(ClusterTooSmall, match="GiB"):
        list(cluster.train(job_of(*crowd, segments=2000, config=huge), never))
