"""How many requests a caller may make: a bucket for each, that fills at a constant rate and holds a minute's worth."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

MOST_BUCKETS = 10_000
"""Callers remembered; whoever has asked least lately is forgotten first, and begins with a full bucket again."""


@dataclass
class Bucket:
    """What is left at a time, in seconds of the clock."""

    left: float
    at: float


class RateLimit:
    """The buckets of one process. Thread-safe."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute, self._clock = per_minute, clock
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, caller: str) -> float:
        """Takes one request out of a caller's bucket; if there is none, the seconds until there is one, else 0."""
        rate = self._per_minute / 60.0
        with self._lock:
            at = self._clock()
            bucket = self._buckets.setdefault(caller, Bucket(float(self._per_minute), at))
            self._buckets.move_to_end(caller)
            if len(self._buckets) > MOST_BUCKETS:
                self._buckets.popitem(last=False)
            bucket.left = min(float(self._per_minute), bucket.left + (at - bucket.at) * rate)
            bucket.at = at
            if bucket.left < 1.0:
                return (1.0 - bucket.left) / rate
            bucket.left -= 1.0
            return 0.0
