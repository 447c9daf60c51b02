"""The seeds of a final comparison."""

from __future__ import annotations

from envs.seeds import environment_seeds

COMPARISON_SEEDS = 1
"""Keeps the seeds of the comparison apart from those of the search."""


def comparison_seeds(count: int, search_seed: int) -> list[int]:
    """The seeds of a final comparison, kept apart from those of the search, whatever the search's own seed is."""
    return environment_seeds(count, search_seed, COMPARISON_SEEDS)
