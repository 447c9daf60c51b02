"""How a budget of environment steps is cut into the segments of a training."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from service.schema.search import TrainingConfig

MOST_SEGMENTS = 10
MOST_STEPS = 10**12


@dataclass(frozen=True)
class SegmentPlan:
    """How a budget is cut: `segments` of `rollouts` each, `rollout_length` steps of every environment to a rollout."""

    segments: int
    rollouts: int
    rollout_length: int
    environments: int

    @property
    def steps_per_segment(self) -> int:
        """Environment steps of one member in one segment."""
        return self.rollouts * self.rollout_length * self.environments

    @property
    def steps(self) -> int:
        """Environment steps of one member over its whole training."""
        return self.segments * self.steps_per_segment

    @property
    def updates(self) -> int:
        """Updates of one member over its whole training."""
        return self.segments * self.rollouts


def smallest_training(max_steps: int, config: TrainingConfig) -> int:
    """Environment steps of the shortest training: one segment of whole rollouts with two full episodes per environment.

    `max_steps` is the environment's time limit in steps; one step between the two episodes only resets.
    """
    return ceil((2 * max_steps + 1) / config.rollout_length) * config.rollout_length * config.environments


def plan_segments(max_steps: int, config: TrainingConfig, steps: int) -> SegmentPlan:
    """Cuts a budget into at most ten segments, each long enough for two full episodes in every environment.

    What does not fill a whole rollout in every segment is left unused. Raises ValueError below one segment.
    """
    smallest = smallest_training(max_steps, config)
    if steps < smallest:
        raise ValueError(f"expected at least {smallest} steps (one segment), got {steps}")
    rollouts = steps // (config.rollout_length * config.environments)
    segments = min(steps // smallest, MOST_SEGMENTS)
    return SegmentPlan(segments, rollouts // segments, config.rollout_length, config.environments)
