"""One member on its way through a training: what it learns from a rollout, and what a segment leaves behind."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from envs.rollout import Collected
from envs.seeds import environment_seeds
from envs.variables import Layout
from sandbox import RewardFault
from service.schema import CurvePoint, TrainingResult
from service.schema.segments import SegmentPlan
from service.training import ppo
from service.training.checkpoint import BestPolicy, Checkpoint, checkpoint_bytes
from service.training.curve import SegmentStatistics
from service.training.evaluate import Evaluation, Examinee
from service.training.job import Member, MemberFailed, MemberFinished, SegmentDone, TrainingJob
from service.training.moments import RunningMoments
from service.training.networks import Networks
from service.training.policy import load_actor, policy_bytes
from service.training.rewards import RewardSource

TRAINING_SEEDS, EVALUATION_SEEDS, CONFIRMATION_SEEDS = 0, 1, 2
"""Streams of environment seeds that have nothing in common."""


class Diverged(RewardFault):
    """What a policy is trained with is no longer finite: its reward drove it there."""


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
            state, report = jax.block_until_ready(ppo.update(self.state, rollout, rate, config))
            if not _finite(state.discounted_return):
                raise Diverged(
                    "expected returns whose variance is a number, got rewards of up to "
                    f"{np.abs(rewards.total).max():.2g} a step; keep the reward of a step within a few units"
                )
            if not _finite((state.networks, report)):
                raise Diverged(
                    "expected finite policy parameters, got NaN or infinity after an update; "
                    "keep the reward of a step within a few units, without divisions by what may be 0"
                )
            self.state, self.report, self._running_return = state, report, report.running_return
        except RewardFault as fault:
            self.fault = fault

    def ended(self, plan: SegmentPlan) -> bool:
        """Whether all segments are done."""
        return self.checkpoint.segments == plan.segments

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

    def best_examinee(self) -> Examinee:
        """The best policy of a member that has ended at least one segment, to be confirmed."""
        assert self.checkpoint.best is not None
        count = self._job.config.confirmation_episodes
        seeds = environment_seeds(count, self.member.seed, CONFIRMATION_SEEDS)
        return Examinee(load_actor(self.checkpoint.best.policy), seeds, self.source)

    def finish(self, evaluation: Evaluation) -> MemberFinished:
        """Tells of the best policy and how it was confirmed."""
        best = self.checkpoint.best
        assert best is not None
        result = TrainingResult(
            best_segment=best.segment,
            fitness=evaluation.fitness,
            success_rate=evaluation.success_rate,
            episodes=evaluation.episodes,
        )
        return MemberFinished(self.member.id, result, best.policy, evaluation.environment_steps)


def _finite(numbers: RunningMoments | tuple[Networks, ppo.UpdateReport]) -> bool:
    return all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(numbers))


def failed(member: Member, fault: RewardFault) -> MemberFailed:
    """A failure whose reason begins with the kind of fault, so that runs can tell when all fail for one reason."""
    return MemberFailed(member.id, f"{type(fault).__name__.removeprefix('Reward').lower()}: {fault}")
