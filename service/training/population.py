"""Trains a population: members step together, each member's rewards and updates as if it were alone.

A training is a chain of segments. Each starts from a checkpoint, with fresh environments whose seeds follow from the
member's seed and the segment's number alone, and treats its end as a truncation. So a member's result does not depend
on who is trained beside it, nor on how often its training was interrupted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Event

from envs.engines.engine import MakeEngine
from envs.engines.envpool import EnvPoolEngine
from envs.variables import Layout
from sandbox import RewardFault
from service.schema.segments import plan_segments
from service.training.checkpoint import Checkpoint, begin, load_checkpoint
from service.training.compiler import configure
from service.training.job import Member, Progress, TrainingJob
from service.training.lane import Cores, Equipment, Lane
from service.training.member import MemberTraining, failed
from service.training.rewards import Judge, RewardSource, reward_source

LANES = 2
"""While one lane acts or learns, the other's environments step, and no core waits; a single core has one."""


class Population:
    """The members of one job in one process, with `threads` for environments, rewards and updates.

    `engine` makes the environments that are trained in.
    """

    def __init__(self, job: TrainingJob, threads: int, engine: MakeEngine = EnvPoolEngine) -> None:
        configure()
        self._job = job
        self._threads = threads
        self._engine = engine
        self._plan = plan_segments(job.card.max_steps, job.config, job.steps)
        self._layout = Layout(job.card)

    def train(self) -> Iterator[Progress]:
        """Trains every member to its end, telling of each segment as it is done.

        Raises `sandbox.SandboxFault` if the sandbox itself fails; a fault of one reward ends that member alone.
        """
        with ExitStack() as stack:
            pool = stack.enter_context(ThreadPoolExecutor(self._threads))
            members: list[MemberTraining] = []
            for member in self._job.members:
                try:
                    source = self.reward_source(member)
                except RewardFault as fault:
                    yield failed(member, fault)
                else:
                    stack.callback(source.close)
                    members.append(MemberTraining(member, self._checkpoint(member), source, self._job))
            lanes_at_most = min(LANES, self._threads)
            parts = [part for part in (members[i::lanes_at_most] for i in range(lanes_at_most)) if part]
            cores = Cores(self._threads, len(parts))
            equipment = Equipment(len(members), self._layout, self._plan, cores, self._engine, pool, Event())
            lanes = []
            for part in parts:
                judge = Judge(self._job.card, self._job.metric)
                stack.callback(judge.close)
                lanes.append(Lane(part, equipment, judge))
            until = self._plan.segments if self._job.until is None else self._job.until
            yield from _merged([lane.train(until) for lane in lanes], equipment.stopped)

    def reward_source(self, member: Member) -> RewardSource:
        """What gives a member its rewards; starts a process. Raises `sandbox.RewardFault`."""
        config, card = self._job.config, self._job.card
        episodes = max(config.evaluation_episodes, config.confirmation_episodes)
        most = max(config.rollout_length * config.environments, card.max_steps * episodes)
        return reward_source(member.code, self._layout, most)

    def _checkpoint(self, member: Member) -> Checkpoint:
        sizes = (len(self._layout.policy_columns), self._job.card.action.size, self._job.config.ppo)
        stored = self._job.checkpoints.get(member.id)
        return begin(member.seed, *sizes, member.start) if stored is None else load_checkpoint(stored, *sizes)


@dataclass(frozen=True)
class _Ended:
    """A lane has come to its end, or to a fault of the infrastructure."""

    fault: BaseException | None


def _merged(lanes: Sequence[Iterator[Progress]], stopped: Event) -> Iterator[Progress]:
    """What several lanes tell, each in a thread of its own, as it comes. A fault of one sets `stopped` and is raised."""
    told: SimpleQueue[Progress | _Ended] = SimpleQueue()

    def run(lane: Iterator[Progress]) -> None:
        fault: BaseException | None = None
        try:
            for progress in lane:
                told.put(progress)
        except BaseException as error:  # noqa: BLE001 (raised again where the population is trained)
            fault = error
        told.put(_Ended(fault))

    with ThreadPoolExecutor(max(len(lanes), 1)) as threads:
        try:
            running = [threads.submit(run, lane) for lane in lanes]
            while running:
                progress = told.get()
                if not isinstance(progress, _Ended):
                    yield progress
                elif progress.fault is not None:
                    raise progress.fault
                else:
                    running.pop()
        finally:
            stopped.set()
