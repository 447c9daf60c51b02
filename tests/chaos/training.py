"""Kills the worker of a generation at ten random moments and compares what comes out, bit for bit, with the undisturbed training.

`make chaos-training` runs it: some minutes on a quiet machine. The times are drawn from a fixed seed.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import psutil

from service.schema import PPOConfig, TrainingConfig
from service.schema.segments import smallest_training
from service.training.cluster import Cluster
from service.training.errors import WorkerLost
from service.training.job import (
    ClusterProgress,
    Member,
    PopulationResubmitted,
    SegmentDone,
    TrainingJob,
    code_of,
)
from tests.descendants import below, kill
from tests.integration.training.small_jobs import HOPPER, RUN_FORWARD, Outcome, job_of, same

KILLS, SEED = 10, 20_261_121
CONFIG = TrainingConfig(
    environments=8,
    rollout_length=300,
    evaluation_episodes=2,
    confirmation_episodes=4,
    ppo=PPOConfig(hidden_sizes=(32, 32), minibatch_size=50),
)


def generation(checkpoints: dict[str, bytes]) -> TrainingJob:
    """Four members, ten segments each; those with a checkpoint go on from it."""
    code = code_of(HOPPER, "candidate", RUN_FORWARD)
    members = [Member(f"candidate-{seed}", seed, code) for seed in range(3)] + [Member("human", 3, None)]
    steps = 10 * smallest_training(HOPPER.max_steps, CONFIG)
    return replace(job_of(*members, checkpoints=checkpoints, config=CONFIG), steps=steps)


class Killer(threading.Thread):
    """Sends SIGKILL to all processes that train, at each of the moments drawn, and counts those; waits for one where there is none.

    `quiet`: seconds that the undisturbed training took, which set how close the moments are: all must come before its end.
    """

    def __init__(self, quiet: float) -> None:
        super().__init__(daemon=True)
        self._most_between = quiet / 5 + 10.0
        self.kills = 0
        self.over = threading.Event()

    def run(self) -> None:
        """Until ten have been killed or the training is over."""
        moments = random.Random(SEED)
        while self.kills < KILLS and not self.over.wait(moments.uniform(0, self._most_between)):
            while not (found := workers()) and not self.over.wait(0.01):
                pass
            self.kills += bool(kill(found))


def workers() -> list[psutil.Process]:
    """The processes on this machine that run a training at this moment."""
    return below("ray::_train")


def trained(cluster: Cluster) -> Iterator[ClusterProgress]:
    """All progress of the generation; a training that is given up goes on from its checkpoints, as when a user resumes a run."""
    checkpoints: dict[str, bytes] = {}
    ended: set[str] = set()
    while True:
        job = generation(checkpoints)
        left = tuple(member for member in job.members if member.id not in ended)
        try:
            for progress in cluster.train(TrainingJob(**{**vars(job), "members": left}), lambda: False):
                if isinstance(progress, SegmentDone):
                    checkpoints[progress.member_id] = progress.checkpoint
                elif not isinstance(progress, PopulationResubmitted):
                    ended.add(progress.member_id)
                yield progress
        except WorkerLost as fault:
            print(f"given up and resumed: {fault}", flush=True)
        else:
            return


def main() -> int:
    """0 if both trainings gave the same bits."""
    with Cluster(cores=2) as cluster:
        started = time.monotonic()
        undisturbed = Outcome(trained(cluster))
        quiet = time.monotonic() - started
        killer = Killer(quiet)
        killer.start()
        disturbed = Outcome(trained(cluster))
        killer.over.set()
    for member in undisturbed.policies:
        same(disturbed, undisturbed, member)
    total = time.monotonic() - started - quiet
    points = sum(len(curve) for curve in disturbed.curves.values())
    print(
        f"{killer.kills} kills, {len(disturbed.losses)} resubmissions: {points} points of {len(disturbed.policies)} policies, "
        f"none lost or doubled, every bit as undisturbed; {quiet:.0f} s undisturbed, {total:.0f} s with the kills"
    )
    return 0 if killer.kills == KILLS else 1


if __name__ == "__main__":
    sys.exit(main())
