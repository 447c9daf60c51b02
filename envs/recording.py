"""Records real transitions of an environment: what rewards are probed on before anything is trained.

Half of them come from random torques. The other half come from the environment's reference policy, where one travels
with the package: half of those environments act deterministically, half with the policy's exploration noise, for one
time limit each, so that late states of an episode are among them. From more transitions than were asked for, as many
are drawn, all by the seed alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from envs.behaviour import ReferencePolicy, reference_policy
from envs.card import EnvCard
from envs.engines.envpool import EnvPoolEngine
from envs.rollout import Act, Collector
from envs.seeds import environment_seeds
from envs.variables import Floats, Layout

RANDOM_ENVIRONMENTS = 8
RANDOM_STEPS = 128
HOLD = 8
TRAINED_SHARE = 0.5
_RANDOM, _TRAINED = 0, 1


@dataclass(frozen=True)
class Recording:
    """Recorded transitions for every name that a reward may use: `(B,)` or `(B, n)` float32.

    `trained` bool `(B,)`: whether the reference policy acted, and not random torques; nowhere true for a card without one.
    """

    transitions: dict[str, Floats]
    trained: NDArray[np.bool_]

    @property
    def untrained(self) -> dict[str, Floats]:
        """The transitions under random torques alone."""
        return {name: values[~self.trained] for name, values in self.transitions.items()}

    @property
    def about(self) -> str:
        """What was recorded, in one line."""
        rows, trained = len(self.trained), int(self.trained.sum())
        if not trained:
            return f"{rows} transitions under random torques; no trained policy of this environment is known"
        return f"{rows} transitions, {rows - trained} under random torques and {trained} under a trained policy"


def record(card: EnvCard, count: int = 4096, seed: int = 0) -> Recording:
    """Records exactly `count` valid transitions, random and trained ones. Raises `CardMismatch`."""
    layout = Layout(card)
    policy = reference_policy(layout)
    trained = round(TRAINED_SHARE * count) if policy else 0
    parts = [_record_random(layout, count - trained, seed)]
    if policy and trained:
        parts.append(_record_trained(layout, policy, trained, seed))
    transitions = {name: np.concatenate([part[name] for part in parts]) for name in names_of(card)}
    return Recording(transitions, np.arange(count) >= count - trained)


def record_transitions(card: EnvCard, count: int = 4096, seed: int = 0) -> dict[str, Floats]:
    """The transitions of `record` alone: `(B,)` or `(B, n)` float32 with `B = count`, by name."""
    return record(card, count, seed).transitions


def names_of(card: EnvCard) -> Sequence[str]:
    """All names that a reward of this card may use."""
    return tuple(card.parameters)


def _record_random(layout: Layout, count: int, seed: int) -> dict[str, Floats]:
    """Random torques, in half of the environments fresh in every step and in half held for a while.

    Held torques reach states that independent noise, which averages out, never does.
    """
    action = layout.card.action
    length = max(-(-_needed(layout.card, count) // RANDOM_ENVIRONMENTS), min(RANDOM_STEPS, layout.card.max_steps))
    random = np.random.default_rng(seed)
    noise = random.uniform(action.low, action.high, (length, RANDOM_ENVIRONMENTS, action.size)).astype(np.float32)
    held = noise[np.arange(length) // HOLD * HOLD]
    noise[:, RANDOM_ENVIRONMENTS // 2 :] = held[:, RANDOM_ENVIRONMENTS // 2 :]
    seeds = environment_seeds(RANDOM_ENVIRONMENTS, seed)
    return _collect(layout, seeds, length, lambda t, _: noise[t], count, (seed, _RANDOM))


def _record_trained(layout: Layout, policy: ReferencePolicy, count: int, seed: int) -> dict[str, Floats]:
    """The reference policy: the first half of the environments acts deterministically, the second with exploration noise."""
    length = layout.card.max_steps
    half = -(-_needed(layout.card, count) // (2 * length))
    random = np.random.default_rng((seed, _TRAINED))
    noise = random.normal(size=(length, 2 * half, len(policy.log_std))).astype(np.float32) * np.exp(policy.log_std)
    noise[:, :half] = 0.0

    def act(t: int, frames: Floats) -> Floats:
        actions: Floats = policy.act(frames[:, layout.policy_columns]) + noise[t]
        return actions

    return _collect(layout, environment_seeds(2 * half, seed, _TRAINED), length, act, count, (seed, _TRAINED))


def _needed(card: EnvCard, count: int) -> int:
    """Steps that surely give `count` transitions: after each that ends an episode comes one that only resets."""
    return 2 * count if card.ending.early else count + -(-count // card.max_steps)


def _collect(
    layout: Layout, seeds: Sequence[int], length: int, act: Act, count: int, entropy: tuple[int, int]
) -> dict[str, Floats]:
    """A rollout's transitions, `count` of them, drawn without repetition and in their order."""
    engine = EnvPoolEngine(layout, seeds)
    try:
        collected = Collector(engine, layout).collect(length, act)
    finally:
        engine.close()
    inputs = layout.inputs(names_of(layout.card), collected.transitions)
    rows = int(collected.transitions.valid.sum())
    drawn = np.sort(np.random.default_rng(entropy).choice(rows, count, replace=False))
    return {name: values[drawn] for name, values in inputs.items()}
