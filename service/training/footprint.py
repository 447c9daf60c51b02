"""How much memory the worker of a population needs: what is asked of Ray, so that it puts no more on a node than fits."""

from __future__ import annotations

from collections.abc import Mapping

from envs.card import Family
from service.training.job import TrainingJob

MIB = 2**20
WORKER_BYTES = 768 * MIB
"""Python, Ray, JAX while it compiles, EnvPool, and the sandboxes' common parent."""
MEMBER_BYTES = 16 * MIB
"""A sandbox of its own, networks, optimizer, a checkpoint on its way, and what the allocators keep."""
ENVIRONMENT_BYTES: Mapping[Family, int] = {
    "gymnasium-mujoco": 3 * MIB // 4,
    "gymnasium-robotics": 16 * MIB,
    "metaworld": 20 * MIB,
    "dm-control": 14 * MIB,
    "mujoco-playground": 64 * MIB,
}
"""MuJoCo's model and state of one environment, the largest of each family: EnvPool gives every environment meshes of its own."""


def population_bytes(job: TrainingJob, members: int) -> int:
    """Bytes that a worker with so many members needs at its peak, sandboxes included.

    768 MiB + K (16 MiB + B max(N, E) + 4 (3 F + 4 A + 16) max(T N, E S)) for K members, N environments of B bytes each, frames
    of F and actions of A numbers, rollouts of T steps, and E evaluation or confirmation episodes of at most S steps at once: of
    every transition the frame is held up to three times, actions as chosen, clipped and previous, and some scalars, all float32.
    Measured without Ray (resident, with the sandboxes' proportional share), defaults of `TrainingConfig`: Ant 4 members 764 MiB,
    8 members 891; Hopper 16 members 972. The estimates are 970, 1172 and 1279.
    """
    card, config = job.card, job.config
    episodes = max(config.evaluation_episodes, config.confirmation_episodes)
    transitions = max(config.rollout_length * config.environments, episodes * card.max_steps)
    numbers = 3 * sum(card.observation.values()) + 4 * card.action.size + 16
    environments = max(config.environments, episodes)
    member = MEMBER_BYTES + environments * ENVIRONMENT_BYTES[card.family] + 4 * numbers * transitions
    return WORKER_BYTES + members * member
