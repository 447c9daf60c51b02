"""Seeds of environments."""

from __future__ import annotations

import numpy as np


def environment_seeds(count: int, *entropy: int) -> list[int]:
    """`count` environment seeds of 31 bits that follow from a few non-negative integers alone."""
    return [int(state) >> 1 for state in np.random.SeedSequence(entropy).generate_state(count)]
