"""Members that step side by side in one pool of environments: collect, learn, evaluate, segment after segment."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Lock

import numpy as np

from envs.engines.engine import MakeEngine
from envs.rollout import Act, Collector
from envs.seeds import environment_seeds
from envs.variables import Layout
from sandbox import RewardFault
from service.schema.segments import SegmentPlan
from service.training import ppo
from service.training.actors import Actors
from service.training.evaluate import evaluate
from service.training.job import Progress
from service.training.member import TRAINING_SEEDS, MemberTraining, failed
from service.training.rewards import Judge


class Cores:
    """How many threads step the environments of a lane: one where no core is left beside the lanes that go, and else all.

    Two threads for each of two lanes on two cores took 4 to 8% more processor time for a step of HalfCheetah.
    """

    def __init__(self, threads: int, lanes: int) -> None:
        self._threads, self._lanes = threads, lanes
        self._change = Lock()

    @property
    def of_a_lane(self) -> int:
        """The threads of environments that are made now."""
        return 1 if self._threads <= self._lanes else self._threads

    def leave(self) -> None:
        """A lane has come to its end: what the others make from now on has its core."""
        with self._change:
            self._lanes = max(self._lanes - 1, 1)


@dataclass(frozen=True)
class Equipment:
    """What the lanes of a population share.

    `members`: how many all lanes have; `cores` for environments, `pool` for rewards and updates, `stopped` to end early.
    """

    members: int
    layout: Layout
    plan: SegmentPlan
    cores: Cores
    engine: MakeEngine
    pool: Executor
    stopped: Event


class Lane:
    """Some members of a population, with environments and a judge of their own."""

    def __init__(self, members: Sequence[MemberTraining], equipment: Equipment, judge: Judge) -> None:
        self._members = members
        self._equipment = equipment
        self._judge = judge

    def train(self, until: int) -> Iterator[Progress]:
        """Trains every member through the segments before `until`, and confirms those that have come to the end of the plan.

        Raises `sandbox.SandboxFault` if the sandbox itself fails; a fault of one reward ends that member alone.
        """
        try:
            while learning := [m for m in self._members if m.fault is None and m.checkpoint.segments < until]:
                yield from self._segment(learning)
                if self._equipment.stopped.is_set():
                    return
            yield from self._confirm([m for m in self._members if m.fault is None and m.ended(self._equipment.plan)])
        finally:
            self._equipment.cores.leave()

    def _segment(self, members: Sequence[MemberTraining]) -> Iterator[Progress]:
        plan, started = self._equipment.plan, time.perf_counter()
        for member in members:
            member.begin_segment()
        with self._collector(members) as collector:
            for _ in range(plan.rollouts):
                if self._equipment.stopped.is_set():
                    return
                self._learn(members, collector)
        healthy = [m for m in members if m.fault is None]
        evaluations = evaluate(
            self._equipment.layout, [m.examinee() for m in healthy], self._judge, self._equipment.cores.of_a_lane
        )
        # Of the whole population: the other lanes' members step as fast.
        everyone = self._equipment.members * len(members) / len(self._members)
        rate = everyone * plan.steps_per_segment / (time.perf_counter() - started)
        for member, evaluation in zip(healthy, evaluations, strict=True):
            if isinstance(evaluation, RewardFault):
                member.fault = evaluation
            else:
                yield member.end_segment(evaluation, rate, plan)
        for member in members:
            if member.fault is not None:
                yield failed(member.member, member.fault)

    @contextmanager
    def _collector(self, members: Sequence[MemberTraining]) -> Iterator[Collector]:
        """Fresh environments for this segment of some members, side by side."""
        width = self._equipment.plan.environments
        seeds = [environment_seeds(width, m.member.seed, TRAINING_SEEDS, m.checkpoint.segments) for m in members]
        engine = self._equipment.engine(
            self._equipment.layout, [seed for own in seeds for seed in own], self._equipment.cores.of_a_lane
        )
        try:
            yield Collector(engine, self._equipment.layout)
        finally:
            engine.close()

    def _learn(self, members: Sequence[MemberTraining], collector: Collector) -> None:
        """One rollout of all, and one update of each."""
        layout, plan = self._equipment.layout, self._equipment.plan
        rollout = collector.collect(plan.rollout_length, self._act(members))
        parts = [rollout.of(slice(i * plan.environments, (i + 1) * plan.environments)) for i in range(len(members))]
        list(self._equipment.pool.map(lambda m, part: m.learn(layout, part, plan), members, parts))

    def _act(self, members: Sequence[MemberTraining]) -> Act:
        """How members act for the length of a rollout: their policies' means and their own noise."""
        width, length = self._equipment.plan.environments, self._equipment.plan.rollout_length
        actors = Actors(self._equipment.layout, [ppo.actor(m.state) for m in members], width)
        noise = np.concatenate([ppo.exploration_noise(m.state, length, width) for m in members], axis=1)
        return lambda t, frames: actors(frames) + noise[t]

    def _confirm(self, members: Sequence[MemberTraining]) -> Iterator[Progress]:
        """Evaluates each member's best policy again, on seeds that chose nothing: the best of many looks better than it is."""
        examinees = [m.best_examinee() for m in members]
        evaluations = evaluate(self._equipment.layout, examinees, self._judge, self._equipment.cores.of_a_lane)
        for member, evaluation in zip(members, evaluations, strict=True):
            if isinstance(evaluation, RewardFault):
                yield failed(member.member, evaluation)
            else:
                yield member.finish(evaluation)
