"""Correlations that have an answer for short and constant series: None instead of a warning and NaN."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

CONSTANT = 1e-9
"""A series whose spread is below this share of its magnitude is constant but for rounding."""


def pearson(a: Sequence[float], b: Sequence[float], at_least: int = 3) -> float | None:
    """Pearson's correlation in [-1, 1] over the places where both series `(N,)` are finite.

    None where either is constant or fewer than `at_least` places are left; two points always lie on a line.
    """
    pairs = np.array([a, b], dtype=np.float64)
    pairs = pairs[:, np.all(np.isfinite(pairs), axis=0)]
    if pairs.shape[1] < at_least or any(_constant(series) for series in pairs):
        return None
    # Magnitudes go first, or the squares of tiny series would vanish.
    scaled = pairs / np.max(np.abs(pairs), axis=1, keepdims=True)
    centred = scaled - np.mean(scaled, axis=1, keepdims=True)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    return float(np.clip(np.dot(unit[0], unit[1]), -1.0, 1.0))


def rank_correlation(a: Sequence[float], b: Sequence[float], at_least: int = 3) -> float | None:
    """Spearman's rank correlation in [-1, 1]; None as for `pearson`."""
    pairs = np.array([a, b], dtype=np.float64)
    pairs = pairs[:, np.all(np.isfinite(pairs), axis=0)]
    if pairs.shape[1] < at_least or any(_constant(series) for series in pairs):
        return None
    return pearson(list(rankdata(pairs[0])), list(rankdata(pairs[1])), at_least)


def _constant(series: NDArray[np.float64]) -> bool:
    magnitude = float(np.max(np.abs(series)))
    return float(np.ptp(series)) <= CONSTANT * magnitude
