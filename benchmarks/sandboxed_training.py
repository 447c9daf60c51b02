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
from service.schema import Fitness, TrainingConfig
from service.schema.segments import smallest_training
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


class UnconfinedPopulation(Population):
    """A population whose rewards run in the trainer itself."""

    def reward_source(self, _member: Member) -> RewardSource:
        """The same reward for every member, in this process."""
        return UnconfinedReward()


def _job(rounds: int) -> TrainingJob:
    config = TrainingConfig()
    metric = ENVIRONMENT.metrics[0]
    return TrainingJob(
        card=ENVIRONMENT,
        metric=metric_of(ENVIRONMENT, Fitness(name=metric.name, score=metric.score, success=metric.success)),
        config=config,
        steps=smallest_training(ENVIRONMENT.max_steps, config) * rounds,
        members=tuple(Member(f"m{k}", k, code_of(ENVIRONMENT, "candidate", CHEETAH)) for k in range(MEMBERS)),
    )


def _segment_seconds(progress: Iterator[Progress]) -> float:
    """Works a population through one segment."""
    start = time.perf_counter()
    done = 0
    while done < MEMBERS:
        done += isinstance(next(progress), SegmentDone)
    return time.perf_counter() - start


def training(rounds: int) -> list[Measure]:
    """Wall time of a segment in the sandbox over the same in-process: the median of pairs, the first pair left out."""
    threads = len(os.sched_getaffinity(0))
    confined = Population(_job(rounds + 1), threads).train()
    unconfined = UnconfinedPopulation(_job(rounds + 1), threads).train()
    ratios: list[float] = []
    for number in range(rounds + 1):
        # Taking turns at being first, so that neither always comes after a pause of the machine.
        if number % 2:
            here, there = _segment_seconds(unconfined), _segment_seconds(confined)
        else:
            there, here = _segment_seconds(confined), _segment_seconds(unconfined)
        print(f"segment {number}: {there:.2f} s in the sandbox, {here:.2f} s in-process", flush=True)
        if number:
            ratios.append(there / here)
    return [Measure("training", statistics.median(ratios), 1.03, "x in-process")]
