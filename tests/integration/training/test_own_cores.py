"""A generation on a local Ray with all cores of this machine: a population on each, with the bits of one population."""

from __future__ import annotations

import logging
import os
import re
import time
from contextlib import suppress

import psutil
import pytest

from service.training.cluster import Cluster
from service.training.job import Member
from tests.descendants import below
from tests.integration.training.small_jobs import OURS, Outcome, job_of, same, train

CORES = len(os.sched_getaffinity(0))


@pytest.mark.skipif(CORES < 2, reason="on one core there is one population")
def test_a_generation_has_a_population_on_each_core_and_the_bits_of_one(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    job = job_of(OURS, *(Member(f"human-{seed}", seed, None) for seed in range(1, CORES)), segments=1)
    undisturbed = train(job)
    kept: set[int] = set()

    def look() -> bool:
        for worker in below("ray::_train"):
            with suppress(psutil.NoSuchProcess):
                cores = worker.cpu_affinity()
                assert cores is not None
                if len(cores) == 1:
                    kept.update(cores)
        return False

    with Cluster(cores=CORES) as cluster:
        # Others who train on this machine now may have claimed its cores, or be busy on them: then it is seen the next time.
        deadline = time.monotonic() + 120
        while not kept and time.monotonic() < deadline:
            caplog.clear()
            divided = Outcome(cluster.train(job, look))
            assert len(set(re.findall(r"process (\d+) trains a population of 1 with 1 core ", caplog.text))) == CORES
            same(divided, undisturbed)
            same(divided, undisturbed, "human-1")
    assert kept
