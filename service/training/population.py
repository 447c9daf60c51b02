"""Trains a population: all members' environments step together, each member's rewards and updates as if it were alone.

A training is a chain of segments. Each starts from a checkpoint, with fresh environments whose seeds follow from the
member's seed and the segment's number alone, and treats its end as a truncation. So a member's result does not depend
on who is trained beside it, nor on how often its training was interrupted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import jax
import jax.numpy as jnp
import numpy as np

from envs.engines.engine import VectorEngine
from envs.engines.envpool import EnvPoolEngine
from envs.recording import environment_seeds
from envs.rollout import Act, Collected, Collector, collect
from envs.variables import Layout
from sandbox import RewardFault
from service.schema import CurvePoint, TrainingResult
from service.schema.segments import SegmentPlan, plan_segments
from service.training import ppo
from service.training.actors import Actors, in_lanes
from service.training.checkpoint import BestPolicy, Checkpoint, begin, checkpoint_bytes, load_checkpoint
from service.training.compiler import configure
from service.training.curve import SegmentStatistics
from service.training.evaluate import Evaluation, Examinee, evaluate
from service.training.job import (
    Member,
    MemberFailed,
    MemberFinished,
    Progress,
    SegmentDone,
    TrainingJob,
)
from service.training.policy import load_actor, policy_bytes
from service.training.rewards import Judge, RewardSource, reward_source

TRAINING_SEEDS, EVALUATION_SEEDS, CONFIRMATION_SEEDS = 0, 1, 2


class Diverged(RewardFault):
    """A policy's numbers are no longer finite: the reward it was trained with drove it there."""


class MemberTraining:
    """One member on its way: its checkpoint and, within a segment, what has happened since."""

    def __init__(self, member: Member, checkpoint: Checkpoint, source: RewardSource, job: TrainingJob) -> None:
        self.member = member
        self.checkpoint = checkpoint
        self.source = source
        self.fault: RewardFault | None = None
        self._job = job
        self.begin_segment()

    def begin_segment(self) -> None:
        """Forgets the last segment's episodes: the environments are fresh."""
        environments = self._job.config.environments
        self.state = self.checkpoint.state
        self.statistics = SegmentStatistics(environments)
        self.report: ppo.UpdateReport | None = None
        self._running_return = jnp.zeros(environments, jnp.float32)

    def learn(self, layout: Layout, collected: Collected, plan: SegmentPlan) -> None:
        """Rewards one rollout and updates the member with it; a fault of its reward is kept in `fault`."""
        if self.fault is not None:
            return
        config = self._job.config.ppo
        transitions = collected.transitions
        try:
            rewards = self.source.rewards(transitions)
            self.statistics.add(transitions, rewards)
            rollout = ppo.Rollout(
                observations=jnp.asarray(transitions.frames[..., layout.policy_columns]),
                actions=jnp.asarray(collected.chosen),
                rewards=jnp.asarray(rewards.total),
                terminated=jnp.asarray(transitions.terminated),
                truncated=jnp.asarray(transitions.truncated),
                valid=jnp.asarray(transitions.valid),
                running_return=self._running_return,
            )
            rate = np.float32(ppo.learning_rate(config, int(self.state.updates) / plan.updates))
            self.state, report = jax.block_until_ready(ppo.update(self.state, rollout, rate, config))
            self._running_return = report.running_return
            self.report = report
            if not all(np.isfinite(leaf).all() for leaf in jax.tree.leaves((self.state.networks, report))):
                raise Diverged(
                    "expected finite policy parameters, got NaN or infinity after an update; "
                    "keep the reward of a step within a few units, without divisions by what may be 0"
                )
        except RewardFault as fault:
            self.fault = fault

    @property
    def best(self) -> BestPolicy:
        """The best policy of a member that has ended at least one segment."""
        assert self.checkpoint.best is not None
        return self.checkpoint.best

    def examinee(self) -> Examinee:
        """The present policy, to be evaluated at the end of a segment."""
        seeds = environment_seeds(
            self._job.config.evaluation_episodes, self.member.seed, EVALUATION_SEEDS, self.checkpoint.segments
        )
        return Examinee(ppo.actor(self.state), seeds, self.source)

    def end_segment(self, evaluation: Evaluation, rate: float, plan: SegmentPlan) -> SegmentDone:
        """Takes the evaluation in, moves the checkpoint on, and tells of it."""
        segment = self.checkpoint.segments
        best = self.checkpoint.best
        if best is None or evaluation.fitness > best.fitness:
            best = BestPolicy(segment, evaluation.fitness, policy_bytes(self._job.card, self.state))
        self.checkpoint = Checkpoint(segment + 1, self.state, best)
        assert self.report is not None  # a segment has at least one rollout
        point = CurvePoint(
            segment=segment,
            steps=(segment + 1) * plan.steps_per_segment,
            fitness=evaluation.fitness,
            fitness_error=evaluation.fitness_error,
            success_rate=evaluation.success_rate,
            episode_length=evaluation.episode_length,
            terminated_rate=evaluation.terminated_rate,
            training_return=self.statistics.training_return,
            training_length=self.statistics.training_length,
            components=self.statistics.components(),
            steps_per_second=rate,
            policy_loss=float(self.report.policy_loss),
            value_loss=float(self.report.value_loss),
            entropy=float(self.report.entropy),
            approximate_kl=float(self.report.approximate_kl),
        )
        steps = plan.steps_per_segment + evaluation.environment_steps
        return SegmentDone(self.member.id, point, checkpoint_bytes(self.checkpoint), steps)


class Population:
    """The members of one job in one process, with `threads` for environments, rewards and updates.

    `engine` makes the environments that are trained in, from a layout, seeds and threads.
    """

    def __init__(
        self,
        job: TrainingJob,
        threads: int,
        engine: Callable[[Layout, Sequence[int], int], VectorEngine] = EnvPoolEngine,
    ) -> None:
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
            judge = Judge(self._job.card, self._job.metric)
            stack.callback(judge.close)
            members: list[MemberTraining] = []
            for member in self._job.members:
                try:
                    source = self.reward_source(member)
                except RewardFault as fault:
                    yield _failed(member, fault)
                else:
                    stack.callback(source.close)
                    members.append(MemberTraining(member, self._checkpoint(member), source, self._job))
            until = self._plan.segments if self._job.until is None else self._job.until
            while learning := [m for m in members if m.fault is None and m.checkpoint.segments < until]:
                yield from self._segment(learning, judge, pool)
            finished = [m for m in members if m.fault is None and m.checkpoint.segments == self._plan.segments]
            if finished:
                yield from self._confirm(finished, judge)

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

    def _segment(self, members: list[MemberTraining], judge: Judge, pool: ThreadPoolExecutor) -> Iterator[Progress]:
        started = time.perf_counter()
        width = self._plan.environments
        for member in members:
            member.begin_segment()
        lanes = in_lanes(members, self._threads)
        with ExitStack() as stack:
            collectors = [stack.enter_context(self._collector(lane)) for lane in lanes]
            for _ in range(self._plan.rollouts):
                rollouts = collect(collectors, self._plan.rollout_length, [self._act(lane) for lane in lanes])
                parts = [
                    rollout.of(slice(i * width, (i + 1) * width))
                    for rollout, lane in zip(rollouts, lanes, strict=True)
                    for i in range(len(lane))
                ]
                list(pool.map(lambda m, part: m.learn(self._layout, part, self._plan), members, parts))
        healthy = [m for m in members if m.fault is None]
        evaluations = evaluate(self._layout, [m.examinee() for m in healthy], judge, self._threads) if healthy else []
        steps = len(members) * self._plan.steps_per_segment
        rate = steps / (time.perf_counter() - started)
        for member, evaluation in zip(healthy, evaluations, strict=True):
            if isinstance(evaluation, RewardFault):
                member.fault = evaluation
            else:
                yield member.end_segment(evaluation, rate, self._plan)
        for member in members:
            if member.fault is not None:
                yield _failed(member.member, member.fault)

    @contextmanager
    def _collector(self, lane: Sequence[MemberTraining]) -> Iterator[Collector]:
        """Fresh environments for this segment of some members, side by side."""
        width = self._plan.environments
        seeds = [environment_seeds(width, m.member.seed, TRAINING_SEEDS, m.checkpoint.segments) for m in lane]
        engine = self._engine(self._layout, [seed for own in seeds for seed in own], self._threads)
        try:
            yield Collector(engine, self._layout)
        finally:
            engine.close()

    def _act(self, lane: Sequence[MemberTraining]) -> Act:
        """How some members act for the length of a rollout: their policies' means and their own noise."""
        width, length = self._plan.environments, self._plan.rollout_length
        actors = Actors(self._layout, [ppo.actor(m.state) for m in lane], width)
        noise = np.concatenate([np.asarray(ppo.exploration_noise(m.state, length, width)) for m in lane], axis=1)
        return lambda t, frames: actors(frames) + noise[t]

    def _confirm(self, members: list[MemberTraining], judge: Judge) -> Iterator[Progress]:
        """Evaluates each member's best policy again, on seeds that chose nothing: the best of many looks better than it is."""
        bests = [m.best for m in members]
        count = self._job.config.confirmation_episodes
        examinees = [
            Examinee(load_actor(best.policy), environment_seeds(count, m.member.seed, CONFIRMATION_SEEDS), m.source)
            for m, best in zip(members, bests, strict=True)
        ]
        evaluations = evaluate(self._layout, examinees, judge, self._threads)
        for m, best, evaluation in zip(members, bests, evaluations, strict=True):
            if isinstance(evaluation, RewardFault):
                yield _failed(m.member, evaluation)
                continue
            result = TrainingResult(
                best_segment=best.segment,
                fitness=evaluation.fitness,
                success_rate=evaluation.success_rate,
                episodes=evaluation.episodes,
            )
            yield MemberFinished(m.member.id, result, best.policy, evaluation.environment_steps)


def _failed(member: Member, fault: RewardFault) -> MemberFailed:
    """A failure whose reason begins with the kind of fault, so that runs can tell when all fail for one reason."""
    return MemberFailed(member.id, f"{type(fault).__name__.removeprefix('Reward').lower()}: {fault}")
