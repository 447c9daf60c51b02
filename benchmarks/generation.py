"""A generation trained as the node of a cluster trains it: its populations in processes of their own, some segments at a time."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from envs.engines.engine import EngineStep
from envs.engines.envpool import EnvPoolEngine
from envs.variables import Floats, Layout
from service.schema.segments import plan_segments
from service.training.footprint import population_bytes
from service.training.job import SegmentDone, TrainingJob
from service.training.own_core import own_core
from service.training.packing import Node, Placement, pack

MEMORY: Final = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


@dataclass(frozen=True)
class Played:
    """What the environments of a segment were sent: the seeds of M environments and actions `[T, M, A]`, float32."""

    seeds: list[int]
    actions: Floats


class Generation:
    """Processes for the populations of a job and of others of as many members; a context manager that ends them.

    They do not step back for whatever else runs, as a cluster's workers do: what they are compared with does not either.
    """

    def __init__(self, job: TrainingJob) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._asked: list[Connection] = []
        self._processes: list[BaseProcess] = []
        for _ in placements(job):
            ours, theirs = spawn.Pipe()
            process = spawn.Process(target=_work, args=(theirs,), daemon=True)
            process.start()
            theirs.close()
            self._asked.append(ours)
            self._processes.append(process)

    def __enter__(self) -> Generation:
        return self

    def __exit__(self, *_: object) -> None:
        for asked, process in zip(self._asked, self._processes, strict=True):
            asked.close()
            process.join()

    def train(self, job: TrainingJob) -> list[SegmentDone]:
        """The segments of every population, in parallel; waits for all."""
        for asked, placement in zip(self._asked, placements(job), strict=True):
            ids = {member.id for member in placement.members}
            checkpoints = {member: data for member, data in job.checkpoints.items() if member in ids}
            asked.send((replace(job, members=placement.members, checkpoints=checkpoints), placement.cores))
        return [done for asked in self._asked for done in cast(list[SegmentDone], _received(asked))]

    def played(self) -> Played:
        """What the last segment's environments were sent, of all populations side by side."""
        for asked in self._asked:
            asked.send(None)
        parts = [part for asked in self._asked for part in cast(list[Played], _received(asked))]
        actions = np.concatenate([part.actions for part in parts], axis=1)
        return Played([seed for part in parts for seed in part.seeds], actions)


def by_segment(job: TrainingJob, generation: Generation, segments: int = 1) -> Iterator[list[SegmentDone]]:
    """Trains so many segments at a time, with nothing going on in between; the last one is left out, since it confirms as well."""
    checkpoints: dict[str, bytes] = {}
    for until in range(segments, plan_segments(job.card.max_steps, job.config, job.steps).segments, segments):
        done = generation.train(replace(job, until=until, checkpoints=checkpoints))
        checkpoints = {one.member_id: one.checkpoint for one in done}
        yield done


def placements(job: TrainingJob) -> tuple[Placement, ...]:
    """The populations that a job has on a node with the cores and the memory of this machine."""
    node = Node("this machine", len(os.sched_getaffinity(0)), MEMORY)
    return pack(job.members, [node], lambda members: population_bytes(job, members))


def _received(asked: Connection) -> object:
    try:
        return asked.recv()
    except EOFError:
        raise SystemExit("a process of the generation ended instead of answering; its error stands above") from None


class _RecordingEngine(EnvPoolEngine):
    """An EnvPool that remembers its seeds and the actions it was sent."""

    def __init__(self, layout: Layout, seeds: Sequence[int], threads: int) -> None:
        super().__init__(layout, seeds, threads)
        self.seeds = list(seeds)
        self.actions: list[Floats] = []

    def step(self, actions: NDArray[np.float32]) -> EngineStep:
        """Remembers the actions `[M, A]` and steps with them."""
        self.actions.append(actions)
        return super().step(actions)


def _work(asked: Connection) -> None:
    """Trains what it is sent, on a core of its own where that is all it has; told None, answers what its last segment played."""
    engines: list[_RecordingEngine] = []
    lanes = 1

    def engine(layout: Layout, seeds: Sequence[int], threads: int) -> _RecordingEngine:
        engines.append(_RecordingEngine(layout, seeds, threads))
        return engines[-1]

    while True:
        try:
            told = cast(tuple[TrainingJob, int] | None, asked.recv())
        except EOFError:  # the other side has all that it wants
            return
        if told is None:
            asked.send([Played(one.seeds, np.stack(one.actions)) for one in engines[-lanes:]])
            continue
        job, cores = told
        engines.clear()
        with own_core() if cores == 1 else nullcontext():
            from service.training.population import LANES, Population

            lanes = min(LANES, cores, len(job.members))
            asked.send([one for one in Population(job, cores, engine).train() if isinstance(one, SegmentDone)])
