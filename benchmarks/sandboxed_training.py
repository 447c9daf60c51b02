"""Sandboxed rewards beside the same ones in-process, in a real training of HalfCheetah: two populations, segment by segment."""

from __future__ import annotations

import ast
import os
import statistics
import time
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.rewards import CHEETAH
from benchmarks.sandbox import Measure, in_process
from envs.card import card
from envs.variables import Layout, Transitions
from service.schema import Fitness
from service.schema.segments import MOST_SEGMENTS, smallest_training
from service.schema.tunings import shipped_training
from service.training.job import Member, Progress, SegmentDone, TrainingJob, code_of, metric_of
from service.training.population import Population
from service.training.rewards import Rewards, RewardSource

ENVIRONMENT: Final = card("HalfCheetah-v5")
MEMBERS: Final = 8


class UnconfinedReward:
    """The same function in this process, called by the trainer as the sandboxed one is."""

    def __init__(self) -> None:
        self._layout = Layout(ENVIRONMENT)
        self._function = in_process(CHEETAH)
        (function,) = ast.parse(CHEETAH).body
        assert isinstance(function, ast.FunctionDef)
        self._parameters = tuple(argument.arg for argument in function.args.args)

    def rewards(self, transitions: Transitions) -> Rewards:
        """One call of the function for all valid transitions of a rollout."""
        result = self._function(**self._layout.inputs(self._parameters, transitions))
        assert isinstance(result, tuple)
        total, components = result
        return Rewards(
            self._spread(total, transitions), {name: self._spread(one, transitions) for name, one in components.items()}
        )

    @staticmethod
    def _spread(values: NDArray[np.float32], transitions: Transitions) -> NDArray[np.float32]:
        spread = np.zeros(transitions.valid.shape, np.float32)
        spread[transitions.valid] = values
        return spread

    def close(self) -> None:
        """Nothing to end."""


class Timed:
    """A reward source that adds up how long its calls take."""

    def __init__(self, source: RewardSource, seconds: list[float]) -> None:
        self._source = source
        self._seconds = seconds

    def rewards(self, transitions: Transitions) -> Rewards:
        """The rewards of the source."""
        start = time.perf_counter()
        rewards = self._source.rewards(transitions)
        self._seconds.append(time.perf_counter() - start)
        return rewards

    def close(self) -> None:
        """Ends the source."""
        self._source.close()


class TimedPopulation(Population):
    """A population whose rewards are timed, in the sandbox or, `unconfined`, in the trainer itself."""

    def __init__(self, job: TrainingJob, threads: int, *, unconfined: bool) -> None:
        super().__init__(job, threads)
        self.seconds: list[float] = []
        self._unconfined = unconfined

    def reward_source(self, member: Member) -> RewardSource:
        """The same reward for every member."""
        source = UnconfinedReward() if self._unconfined else super().reward_source(member)
        return Timed(source, self.seconds)


def _job() -> TrainingJob:
    config = shipped_training(ENVIRONMENT.id, ENVIRONMENT.family)
    metric = ENVIRONMENT.metrics[0]
    return TrainingJob(
        card=ENVIRONMENT,
        metric=metric_of(ENVIRONMENT, Fitness(name=metric.name, score=metric.score, success=metric.success)),
        config=config,
        steps=smallest_training(ENVIRONMENT.max_steps, config) * MOST_SEGMENTS,
        members=tuple(Member(f"m{k}", k, code_of(ENVIRONMENT, "candidate", CHEETAH)) for k in range(MEMBERS)),
    )


class Segments:
    """Works a population through one segment after the other, and again from the start where a training ends."""

    def __init__(self, *, unconfined: bool) -> None:
        self._threads = len(os.sched_getaffinity(0))
        self._population = TimedPopulation(_job(), self._threads, unconfined=unconfined)
        self._progress: Iterator[Progress] = iter(())
        self._left = 0

    def next(self) -> tuple[float, float]:
        """Wall seconds of the next segment, and of its calls of rewards, which run on all threads."""
        if not self._left:
            self._progress, self._left = self._population.train(), MOST_SEGMENTS
        self._left -= 1
        self._population.seconds.clear()
        start = time.perf_counter()
        done = 0
        while done < MEMBERS:
            done += isinstance(next(self._progress), SegmentDone)
        return time.perf_counter() - start, sum(self._population.seconds) / self._threads


def training(rounds: int) -> list[Measure]:
    """Wall time of a segment in the sandbox over the same in-process, the median of pairs; the first pair is left out.

    Beside it, what the calls of rewards take on either side, as a share of their own segment: that is less moved by other work on
    the machine than the two wall times are.
    """
    confined, unconfined = Segments(unconfined=False), Segments(unconfined=True)
    ratios: list[float] = []
    shares: list[tuple[float, float]] = []
    for number in range(rounds + 1):
        # Taking turns at being first, so that neither always comes after a pause of the machine.
        if number % 2:
            here, there = unconfined.next(), confined.next()
        else:
            there, here = confined.next(), unconfined.next()
        print(f"segment {number}: {there[0]:.2f} s in the sandbox, {here[0]:.2f} s in-process", flush=True)
        if number:
            ratios.append(there[0] / here[0])
            shares.append((there[1] / there[0], here[1] / here[0]))
    ours, theirs = (statistics.median(share) for share in zip(*shares, strict=True))
    print(f"calls of rewards: {ours:.2%} of a segment in the sandbox, {theirs:.2%} in-process")
    print(f"pairs: {min(ratios):.3f} to {max(ratios):.3f} x")
    return [Measure("training", statistics.median(ratios), 1.03, "x in-process")]
