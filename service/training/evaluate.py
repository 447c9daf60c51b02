"""Judges policies by their deterministic actions: whole episodes on seeds of their own, scored by the fitness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from envs.engines.envpool import EnvPoolEngine
from envs.rollout import Collector
from envs.variables import Layout, Transitions
from sandbox import RewardFault
from service.schema import EpisodeEnd, EpisodeSummary
from service.training.actors import Actors
from service.training.ppo import Actor
from service.training.rewards import Judge, RewardSource


@dataclass(frozen=True)
class Evaluation:
    """A policy's evaluated episodes, and how many environment steps they took."""

    episodes: tuple[EpisodeSummary, ...]
    environment_steps: int

    @property
    def fitness(self) -> float:
        """Mean score."""
        return float(np.mean([episode.score for episode in self.episodes]))

    @property
    def fitness_error(self) -> float | None:
        """Standard error of the mean score over the episodes; None with one episode, which shows no scatter."""
        if len(self.episodes) < 2:
            return None
        scores = [episode.score for episode in self.episodes]
        return float(np.std(scores, ddof=1) / np.sqrt(len(scores)))

    @property
    def success_rate(self) -> float:
        """Share of episodes that succeeded, in [0, 1]."""
        return float(np.mean([episode.success for episode in self.episodes]))

    @property
    def episode_length(self) -> float:
        """Mean length in steps."""
        return float(np.mean([episode.length for episode in self.episodes]))

    @property
    def terminated_rate(self) -> float:
        """Share of episodes that ended before the time limit, in [0, 1]."""
        return float(np.mean([episode.end is EpisodeEnd.TERMINATED for episode in self.episodes]))


@dataclass(frozen=True)
class Examinee:
    """A policy to evaluate: the seeds of its environments (as many for each) and what gives its rewards."""

    actor: Actor
    seeds: Sequence[int]
    source: RewardSource


def evaluate(
    layout: Layout, examinees: Sequence[Examinee], judge: Judge, threads: int
) -> list[Evaluation | RewardFault]:
    """One episode of every environment of every examinee; where a candidate's code is at fault, its fault instead."""
    if not examinees:
        return []
    width = len(examinees[0].seeds)
    engine = EnvPoolEngine(layout, [seed for examinee in examinees for seed in examinee.seeds], threads)
    actors = Actors(layout, [examinee.actor for examinee in examinees], width)
    try:
        collected = Collector(engine, layout).episodes(layout.card.max_steps, lambda _, frames: actors(frames))
    finally:
        engine.close()
    return [
        _judged(layout, examinee, collected.transitions.of(slice(i * width, (i + 1) * width)), judge)
        for i, examinee in enumerate(examinees)
    ]


def _judged(layout: Layout, examinee: Examinee, transitions: Transitions, judge: Judge) -> Evaluation | RewardFault:
    try:
        rewards = examinee.source.rewards(transitions)
        return Evaluation(judge.summaries(layout, transitions, rewards), int(transitions.valid.sum()))
    except RewardFault as fault:
        return fault
