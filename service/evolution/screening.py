"""Which candidates are worth a training: not the same reward twice.

Two rewards are the same where their canonical forms on the same recorded transitions agree, after STARC (Skalse et al.
2023, "STARC: A General Framework For Quantifying Differences Between Reward Functions", definitions 2 and 3). Scale is
removed always. A constant shift is removed only where every episode has the same length: elsewhere it is an alive bonus
and pays for living or for dying. Potential shaping is not removed: that takes the expectation over next states from each
state, where recorded transitions hold one next state each; and although it keeps the best policy, it changes what a
training of limited length finds, which makes it another experiment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SAME_REWARD = 0.005
"""Distance up to which two rewards are one: a cosine above 0.99995, so that a small change of one weight still counts."""

ROUNDING = 1e-6
"""What is left of a reward below this share of its magnitude is rounding: rewards are float32, of precision 1.2e-7."""


@dataclass(frozen=True)
class Duplicate:
    """A candidate that is the same reward as another, which stays; `distance` in [0, 1], 0 is the same."""

    candidate_id: str
    same_as: str
    distance: float


def canonical(total: NDArray[np.float64], fixed_horizon: bool) -> NDArray[np.float64]:
    """The canonical form `(B,)` of a reward's values `(B,)` float64 on recorded transitions: of length 1, or all zero.

    All zero is the form of a reward that prefers nothing: zero everywhere, or constant where the horizon is fixed.
    Raises `ValueError` where a value is not finite or there is none.
    """
    values = _finite("reward values", total)
    peak = float(np.max(np.abs(values)))
    if peak == 0.0:
        return np.zeros_like(values)
    scaled = values / peak
    if fixed_horizon:
        scaled = scaled - np.mean(scaled)
    length = float(np.linalg.norm(scaled))
    if length <= ROUNDING * np.sqrt(values.size):
        return np.zeros_like(values)
    return np.asarray(scaled / length, dtype=np.float64)


def distance(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Half the L2 distance of two canonical forms `(B,)`: 0 is the same reward, 1 the opposite.

    Raises `ValueError` where they are not over the same number of transitions.
    """
    if a.shape != b.shape:
        raise ValueError(f"distance: expected two forms over the same transitions, got shapes {a.shape} and {b.shape}")
    return min(float(np.linalg.norm(a - b)) / 2.0, 1.0)


def screen(
    totals: Mapping[str, NDArray[np.float64]],
    earlier: Mapping[str, NDArray[np.float64]],
    fixed_horizon: bool,
    threshold: float = SAME_REWARD,
) -> tuple[Duplicate, ...]:
    """The new candidates that are the same reward as an earlier one or as a new one before them, in their order.

    `totals` and `earlier` give, by candidate id, the reward's values `(B,)` float64 on one set of recorded transitions.
    Of several that are the same the first stays; each duplicate names the nearest that stays. Raises `ValueError` as
    `canonical` and `distance` do.
    """
    kept = {name: canonical(total, fixed_horizon) for name, total in earlier.items()}
    duplicates: list[Duplicate] = []
    for name, total in totals.items():
        form = canonical(total, fixed_horizon)
        distances = {other: distance(form, other_form) for other, other_form in kept.items()}
        nearest = min(distances, key=distances.__getitem__, default=None)
        if nearest is not None and distances[nearest] <= threshold:
            duplicates.append(Duplicate(candidate_id=name, same_as=nearest, distance=distances[nearest]))
        else:
            kept[name] = form
    return tuple(duplicates)


def _finite(what: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or array.size == 0 or not np.all(np.isfinite(array)):
        raise ValueError(
            f"{what}: expected a non-empty one-dimensional array of finite numbers, got shape {array.shape} with "
            f"{int(np.sum(~np.isfinite(array)))} not finite; the critic should have rejected this reward"
        )
    return array
