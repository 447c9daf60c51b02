"""What is left when the Ray that this process has started dies altogether: a fault that says so, and a fresh start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import psutil
import pytest

from service.training.cluster import Cluster
from service.training.errors import ClusterDied, TrainingStopped
from tests.descendants import below, below_each, kill
from tests.integration.training.small_jobs import OURS, job_of


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with Cluster(cores=1) as cluster:
        yield cluster


@pytest.mark.parametrize("vital", ["raylet", "gcs_server"])
def test_a_local_ray_that_dies_is_a_fault_of_the_cluster_and_the_next_training_starts_another(
    cluster: Cluster, vital: str
) -> None:
    def kill_vital() -> bool:
        if below("ray::_train"):
            doomed = below(vital)
            kill(doomed)
            psutil.wait_procs(doomed)
        return False

    with pytest.raises(ClusterDied, match=f"{vital}.* has died"):
        list(cluster.train(job_of(OURS), kill_vital))
    assert not below("ray::")

    with pytest.raises(TrainingStopped):
        list(cluster.train(job_of(OURS), lambda: bool(below("ray::_train"))))


def test_trainings_and_their_rewards_make_way_for_what_answers_people(cluster: Cluster) -> None:
    niceness: set[int] = set()

    def look() -> bool:
        trainers = below("ray::_train")
        rewards = below_each(trainers)
        with suppress(psutil.NoSuchProcess):
            niceness.update(one.nice() for one in (*trainers, *rewards))
        return bool(trainers) and len(rewards) > 1  # the zygote, and a child of it

    with pytest.raises(TrainingStopped):
        list(cluster.train(job_of(OURS), look))
    assert niceness == {15}


def test_a_stopped_training_has_no_process_left_two_seconds_after_the_wish(cluster: Cluster) -> None:
    doomed: list[psutil.Process] = []

    def stop() -> bool:
        doomed.extend(below("ray::_train"))
        return bool(doomed)

    with pytest.raises(TrainingStopped):
        list(cluster.train(job_of(OURS), stop))
    assert psutil.wait_procs(doomed, timeout=2)[1] == []
