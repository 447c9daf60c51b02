"""A generation trained as the node of a cluster trains it: its populations in processes of their own, some segments at a time."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Final, Literal, cast

import numpy as np
from numpy.typing import NDArray

from benchmarks.raw import Played, raw_steps_per_second, side_by_side
from envs.engines.engine import EngineStep
from envs.engines.envpool import EnvPoolEngine
from envs.variables import Floats, Layout
from service.schema.segments import plan_segments
from service.training.footprint import population_bytes
from service.training.job import SegmentDone, TrainingJob
from service.training.own_core import own_core
from service.training.packing import Node, Placement, pack

Ask = Literal["played", "raw"]
MEMORY: Final = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


class Generation:
    """Processes for the populations of a job and of others of as many members; a context manager that ends them.

    They do not step back for whatever else runs, as a cluster's workers do: what they are compared with does not either.
    """

    def __init__(self, job: TrainingJob) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._asked: list[Connection] = []
        self._processes: list[BaseProcess] = []
        for placement in placements(job):
            ours, theirs = spawn.Pipe()
            process = spawn.Process(target=_work, args=(theirs, placement.cores), daemon=True)
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
            asked.send(replace(job, members=placement.members, checkpoints=checkpoints))
        return [done for asked in self._asked for done in cast(list[SegmentDone], _received(asked))]

    def played(self) -> Played:
        """What the last segment's environments were sent, of all populations side by side."""
        return side_by_side([cast(Played, answer) for answer in self._answers("played")])

    def raw_steps_per_second(self) -> float:
        """Of EnvPool alone in the same processes, each on its cores, stepping what its population's last segment played."""
        return sum(cast(float, answer) for answer in self._answers("raw"))

    def _answers(self, ask: Ask) -> list[object]:
        for asked in self._asked:
            asked.send(ask)
        return [_received(asked) for asked in self._asked]


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


class _Trainer:
    """What a process of a generation does: trains a population and remembers what was played."""

    def __init__(self) -> None:
        self._engines: list[_RecordingEngine] = []

    def train(self, job: TrainingJob, cores: int) -> list[SegmentDone]:
        """Trains what is left of a job, up to where it is to stop."""
        from service.training.population import LANES, Population  # on its core, which JAX looks at

        self._card, self._cores, self._lanes = job.card, cores, min(LANES, cores, len(job.members))
        self._engines.clear()
        return [one for one in Population(job, cores, self._engine).train() if isinstance(one, SegmentDone)]

    def _engine(self, layout: Layout, seeds: Sequence[int], threads: int) -> _RecordingEngine:
        self._engines.append(_RecordingEngine(layout, seeds, threads))
        return self._engines[-1]

    def played(self) -> Played:
        """What the last segment's environments were sent."""
        return side_by_side([Played(one.seeds, np.stack(one.actions)) for one in self._engines[-self._lanes :]])

    def raw_steps_per_second(self) -> float:
        """Of EnvPool alone."""
        return raw_steps_per_second(self._card, self.played(), self._cores)


def _work(asked: Connection, cores: int) -> None:
    """Answers what it is asked, on a core of its own where that is all it has."""
    trainer = _Trainer()
    while True:
        try:
            job = cast(TrainingJob | Ask, asked.recv())
        except EOFError:  # the other side has all that it wants
            return
        with own_core() if cores == 1 else nullcontext():
            match job:
                case "played":
                    asked.send(trainer.played())
                case "raw":
                    asked.send(trainer.raw_steps_per_second())
                case _:
                    asked.send(trainer.train(job, cores))
