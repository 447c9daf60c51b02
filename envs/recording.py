"""Records real transitions of an environment: what rewards are probed on before anything is trained."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from envs.card import EnvCard
from envs.engines.envpool import EnvPoolEngine
from envs.rollout import Collector
from envs.variables import Floats, Layout, Transitions

ENVIRONMENTS = 32
HOLD = 8


def environment_seeds(count: int, *entropy: int) -> list[int]:
    """`count` environment seeds of 31 bits that follow from a few non-negative integers alone."""
    return [int(state) >> 1 for state in np.random.SeedSequence(entropy).generate_state(count)]


def record_rollout(card: EnvCard, count: int = 4096, seed: int = 0) -> tuple[Layout, Transitions]:
    """At least `count` valid transitions under random torques, some fresh in every step and some held for a while.

    Held torques reach states that independent noise, which averages out, never does.
    """
    layout = Layout(card)
    engine = EnvPoolEngine(layout, environment_seeds(ENVIRONMENTS, seed))
    random = np.random.default_rng(seed)
    length = -(-2 * count // ENVIRONMENTS)
    noise = random.uniform(card.action.low, card.action.high, (length, ENVIRONMENTS, card.action.size)).astype(
        np.float32
    )
    held = noise[np.arange(length) // HOLD * HOLD]
    noise[:, ENVIRONMENTS // 2 :] = held[:, ENVIRONMENTS // 2 :]
    try:
        collected = Collector(engine, layout).collect(length, lambda t, _: noise[t])
    finally:
        engine.close()
    return layout, collected.transitions


def record_transitions(card: EnvCard, count: int = 4096, seed: int = 0) -> dict[str, Floats]:
    """Real transitions for every name that a reward may use: `(B,)` or `(B, n)` float32, `B >= count`."""
    layout, transitions = record_rollout(card, count, seed)
    return layout.inputs(names_of(card), transitions)


def names_of(card: EnvCard) -> Sequence[str]:
    """All names that a reward of this card may use."""
    return tuple(card.parameters)
