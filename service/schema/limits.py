"""Limits that follow from a request and a card alone."""

from __future__ import annotations

from math import ceil

from service.schema.search import TrainingConfig

MOST_STEPS = 10**12


def smallest_training(max_steps: int, training: TrainingConfig) -> int:
    """Environment steps of the shortest training: one segment of whole rollouts with two full episodes per environment.

    `max_steps` is the environment's time limit in steps.
    """
    rollouts = ceil(2 * max_steps / training.rollout_length)
    return rollouts * training.rollout_length * training.environments
