"""Which option a field of a request came by."""

from __future__ import annotations

OPTIONS = {
    "task": "--task",
    "environment": "--env",
    "designer": "--model",
    "fitness": "--fitness",
    "score": "--score",
    "success": "--success",
    "iterations": "--iterations",
    "candidates": "--candidates",
    "seed": "--seed",
    "steps": "--steps",
    "comparison_seeds": "--seeds",
    "seeds": "--training-seeds",
    "warm_start": "--warm-start",
    "candidate_id": "--candidate",
    "words": "WORDS",
    "usd": "--max-usd",
    "environment_steps": "--max-steps",
    "seconds": "--max-seconds",
}


def option_of(field: str) -> str:
    """The option of a field given by its dotted path, or the path itself where no option sets it."""
    return OPTIONS.get(field.rsplit(".", 1)[-1], field)
