"""The simulator alone: EnvPool stepping again what a training played."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from envs.card import EnvCard
from envs.variables import Floats


@dataclass(frozen=True)
class Played:
    """What the environments of a segment were sent: the seeds of M environments and actions `[T, M, A]`, float32."""

    seeds: list[int]
    actions: Floats


def side_by_side(parts: Sequence[Played]) -> Played:
    """What several pools were sent in as many steps, as if it had been one."""
    return Played(
        [seed for part in parts for seed in part.seeds], np.concatenate([part.actions for part in parts], axis=1)
    )


def raw_steps_per_second(environment: EnvCard, played: Played, threads: int) -> float:
    """Environment steps per second of one EnvPool alone, stepping what was played.

    By the calls that its public `step` wraps, as `EnvPoolEngine` does: without the tree of names that it builds for every step.
    """
    import envpool

    pool = envpool.make_gymnasium(
        environment.engine.task,
        num_envs=len(played.seeds),
        env_seed=played.seeds,
        num_threads=threads,
        max_episode_steps=environment.max_steps,
        **environment.engine.arguments,
    )
    pool.reset()
    wide, ids = played.actions.astype(pool.action_space.dtype), np.arange(len(played.seeds), dtype=np.int32)
    started = time.perf_counter()
    for action in wide:
        pool._send([ids, ids, action])
        pool._recv()
    elapsed = time.perf_counter() - started
    pool.close()
    return len(played.actions) * len(played.seeds) / elapsed
