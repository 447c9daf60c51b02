"""What Ray reads of the environment once, when it is first imported; the package imports this before anything else of it."""

from __future__ import annotations

import os

RAY_SETTINGS = {
    "RAY_DEDUP_LOGS": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_cancellation_retry_ms": "250",  # a cancel that meets a worker between two steps is tried again, after 2 s otherwise
}

os.environ.update(RAY_SETTINGS)
