"""Has one job trained by the workers of a cluster: a stream from each population, merged as they come, none of it lost.

Ray's own retry of a streaming task loses values, so it is off. What the members of a lost worker have left is submitted again
from the last checkpoints seen here.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import cast

import ray
from ray.exceptions import NodeDiedError, RayError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from envs.errors import EnvironmentFault
from service.training.errors import ClusterFault, FitnessFault, TrainingStopped, WorkerLost
from service.training.footprint import population_bytes
from service.training.job import ClusterProgress, Member, PopulationResubmitted, Progress, SegmentDone, TrainingJob
from service.training.own_core import own_core
from service.training.packing import GIB, Node, Placement, pack, pack_again
from service.training.worker_process import kill_worker, step_back, task_name

POLL_SECONDS = 0.25
WORKER_LOSSES = 5
"""Times in a row that a population may be lost without one new segment."""
GATHER_SECONDS = 0.5
"""After a loss, how long others are waited for: what a node held is lost at once, and is divided anew together."""
PATIENCE_SECONDS = 120.0
"""How long what was lost with its node waits for another node, or for the same one to be started again."""
NOTICE_SECONDS = 10.0
"""How often a population that waits for its worker is looked after, and the log says so."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Begun:
    """The first value of every stream: the worker has taken the population on, in the process of that number."""

    process: int


@dataclass
class Share:
    """The members that one worker has, or waits for.

    `task`: its name; `noticed`: when the log last told of it, in seconds of the monotonic clock; `begun`: it has a worker.
    """

    placement: Placement
    task: str
    losses: int
    noticed: float
    begun: bool = False


@dataclass(frozen=True)
class Homeless:
    """Members whose worker was lost at `since`, in seconds of the monotonic clock, for the `losses`th time in a row."""

    members: tuple[Member, ...]
    losses: int
    since: float


def at_speed_of_all(done: SegmentDone, cores: int, at_work: int) -> SegmentDone:
    """A segment told by a population on `cores`, with the steps per second of all populations, which have `at_work` cores together.

    A core is taken to step as fast as another.
    """
    rate = done.point.steps_per_second * at_work / cores
    return replace(done, point=done.point.model_copy(update={"steps_per_second": rate}))


class Submission:
    """One job on its way.

    `nodes` lists the cluster's living nodes, `bury` takes one that died off that list, `watch` raises when Ray itself is gone,
    `turn` says whether nobody who came before still waits for cores: Ray lets small populations pass a large one, again and again.
    """

    def __init__(
        self,
        job: TrainingJob,
        nodes: Callable[[], Sequence[Node]],
        bury: Callable[[str], None],
        watch: Callable[[], None],
        turn: Callable[[Submission], bool],
    ) -> None:
        self._job, self._nodes, self._bury, self._watch, self._turn = job, nodes, bury, watch, turn
        self._submitted = False
        self._checkpoints = dict(job.checkpoints)
        self._ended: set[str] = set()
        self._running: dict[ray.ObjectRefGenerator, Share] = {}
        self._homeless: list[Homeless] = []

    @property
    def waits(self) -> bool:
        """Whether a population of this job has no worker yet."""
        return not self._submitted or any(not share.begun for share in tuple(self._running.values()))

    def progress(self, stopped: Callable[[], bool]) -> Iterator[ClusterProgress]:
        """What the populations tell, as it comes; asks `stopped` several times a second.

        However it ends, no worker is at work for this job afterwards. Raises as `Cluster.train` does.
        """
        try:
            self._await_turn(stopped)
            nodes = self._nodes()
            self._submit(pack(self._job.members, nodes, self._memory), nodes, losses=0)
            self._submitted = True
            while self._running or self._homeless:
                ready = self._ready()
                if stopped():
                    raise TrainingStopped
                self._watch()
                for stream in ready:
                    yield from self._next(stream)
                yield from self._look_after()
        finally:
            for stream, share in self._running.items():
                self._end(stream, share)

    def _await_turn(self, stopped: Callable[[], bool]) -> None:
        noticed = time.monotonic()
        self._watch()
        while not self._turn(self):
            if stopped():
                raise TrainingStopped
            self._watch()
            if time.monotonic() - noticed > NOTICE_SECONDS:
                noticed = time.monotonic()
                log.warning("%d policies wait for those that came before to have workers", len(self._job.members))
            time.sleep(POLL_SECONDS)

    def _end(self, stream: ray.ObjectRefGenerator, share: Share) -> None:
        """Ends a worker by force, waiting for nothing that it does: a process of this machine by the kernel, others by Ray."""
        kill_worker(share.task)
        ray.cancel(stream, force=True)

    def _memory(self, members: int) -> int:
        return population_bytes(self._job, members)

    def _submit(self, placements: Sequence[Placement], nodes: Sequence[Node], losses: int) -> None:
        cores = {node.id: node.cores for node in nodes}
        for placement in placements:
            ids = {member.id for member in placement.members}
            checkpoints = {key: data for key, data in self._checkpoints.items() if key in ids}
            job = replace(self._job, members=placement.members, checkpoints=checkpoints)
            name = task_name()
            task = _train.options(
                name=name,
                num_cpus=placement.cores,
                memory=placement.memory,
                scheduling_strategy=NodeAffinitySchedulingStrategy(placement.node.id, soft=False),
            )
            stream = cast(ray.ObjectRefGenerator, task.remote(job, placement.cores, cores[placement.node.id]))
            self._running[stream] = Share(placement, name, losses, time.monotonic())

    def _ready(self) -> list[ray.ObjectRefGenerator]:
        if not self._running:
            time.sleep(POLL_SECONDS)
            return []
        ready, _ = ray.wait(list(self._running), timeout=POLL_SECONDS)
        return cast(list[ray.ObjectRefGenerator], ready)

    def _next(self, stream: ray.ObjectRefGenerator) -> Iterator[ClusterProgress]:
        """Takes one value from a stream that has one, or its end, or its loss."""
        share = self._running[stream]
        try:
            value: Begun | Progress = ray.get(next(stream))
        except StopIteration:
            del self._running[stream]
        except RayTaskError as error:
            if isinstance(error.cause, FitnessFault | EnvironmentFault):
                raise error.cause from error
            yield from self._lost(stream, f"a training worker failed: {error.cause}")
        except RayError as error:
            if isinstance(error, NodeDiedError):
                self._bury(share.placement.node.id)
            yield from self._lost(stream, f"a training worker was lost: {type(error).__name__}")
        else:
            if isinstance(value, Begun):
                share.begun = True
                log.info("process %d trains %s", value.process, _described(share.placement))
                return
            share.losses = 0
            if isinstance(value, SegmentDone):
                self._checkpoints[value.member_id] = value.checkpoint
                at_work = sum(one.placement.cores for one in self._running.values() if one.begun)
                value = at_speed_of_all(value, share.placement.cores, at_work)
            else:
                self._ended.add(value.member_id)
            yield value

    def _lost(self, stream: ray.ObjectRefGenerator, reason: str) -> Iterator[PopulationResubmitted]:
        share = self._running.pop(stream)
        left = tuple(member for member in share.placement.members if member.id not in self._ended)
        if not left:
            return
        losses = share.losses + 1
        if losses >= WORKER_LOSSES:
            raise WorkerLost(f"{reason}; {losses} times in a row without a new segment")
        self._homeless.append(Homeless(left, losses, time.monotonic()))
        again = f"{reason}; what its {len(left)} policies have left is submitted again ({losses} of {WORKER_LOSSES})"
        yield PopulationResubmitted(tuple(member.id for member in left), again)

    def _look_after(self) -> Iterator[PopulationResubmitted]:
        """Finds nodes for those without one; notices populations that wait, and those that wait for a node that has gone.

        It asks Ray's control store only where something is the matter: a question that finds it dead is never answered.
        """
        now = time.monotonic()
        waiting = {
            stream: share
            for stream, share in self._running.items()
            if not share.begun and now - share.noticed > NOTICE_SECONDS
        }
        if not self._homeless and not waiting:
            return
        nodes = self._nodes()
        if self._homeless and now - self._homeless[-1].since >= GATHER_SECONDS:
            self._house(nodes)
        alive = {node.id for node in nodes}
        for stream, share in waiting.items():
            share.noticed = now
            if share.placement.node.id in alive:
                log.warning(
                    "no worker yet for %s: other work fills it, or it starts slowly", _described(share.placement)
                )
            else:
                self._end(stream, share)
                yield from self._lost(stream, "the node that a population waited for has left the cluster")

    def _house(self, nodes: Sequence[Node]) -> None:
        """Submits again, together, what has lost its workers."""
        members = tuple(member for homeless in self._homeless for member in homeless.members)
        taken = [share.placement for share in self._running.values()]
        try:
            placements = pack_again(members, nodes, taken, self._memory)
        except ClusterFault:
            if time.monotonic() - self._homeless[0].since > PATIENCE_SECONDS:
                raise
            return
        losses = max(homeless.losses for homeless in self._homeless)
        self._homeless.clear()
        self._submit(placements, nodes, losses)


@contextmanager
def _own_core(cores: int, of_node: int) -> Iterator[None]:
    """A core to itself for a population that is to have one; a node of fewer cores than there are leaves to the kernel which."""
    if cores == 1 and of_node == len(os.sched_getaffinity(0)):
        with own_core():
            yield
    else:
        yield


def _described(placement: Placement) -> str:
    node = placement.node
    needs = f"{placement.cores} {'core' if placement.cores == 1 else 'cores'} and {placement.memory / GIB:.1f} GiB"
    return f"a population of {len(placement.members)} with {needs} on node {node.id[:8]}"


@ray.remote(max_retries=0, num_returns="streaming")
def _train(job: TrainingJob, cores: int, of_node: int) -> Iterator[Begun | Progress]:
    """What a worker runs, on so many of its node's cores; imports JAX and EnvPool there and not in the caller."""
    step_back()
    yield Begun(os.getpid())
    with _own_core(cores, of_node):
        from service.training.population import Population

        yield from Population(job, cores).train()
