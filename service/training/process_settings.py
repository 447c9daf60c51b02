"""What Ray and JAX read of the environment once, when they are first used; the package imports this before either."""

from __future__ import annotations

import os

RAY_SETTINGS = {
    "RAY_DEDUP_LOGS": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_cancellation_retry_ms": "250",  # a cancel that meets a worker between two steps is tried again, after 2 s otherwise
}
FEWEST_JAX_THREADS = 2
"""With a single thread JAX adds in another order than with any other number; see docs/design/training.md."""


def keep_jax_threads() -> None:
    """Lets JAX have two threads where this thread may use one core alone; to be called before JAX is first used."""
    if len(os.sched_getaffinity(0)) < FEWEST_JAX_THREADS:
        os.environ["PJRT_NPROC"] = str(FEWEST_JAX_THREADS)


os.environ.update(RAY_SETTINGS)
keep_jax_threads()
