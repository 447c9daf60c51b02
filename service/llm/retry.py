"""Asking again: exponential backoff with jitter, and what the server says about when to come back."""

from __future__ import annotations

import logging
import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, Protocol, TypeVar

from service.llm.contract import DesignerUnreachable

_Answer = TypeVar("_Answer")
FIRST_PAUSE_SECONDS: Final = 1.0
LONGEST_PAUSE_SECONDS: Final = 60.0
LONGEST_RETRY_AFTER_SECONDS: Final = 300.0
log = logging.getLogger(__name__)


class Clock(Protocol):
    """What time it is, and waiting for a later one."""

    def now(self) -> datetime:
        """The time, with its zone."""

    def sleep(self, seconds: float) -> None:
        """Returns after so many seconds."""


@dataclass(frozen=True)
class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The time in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Waits."""
        time.sleep(seconds)


@dataclass
class ManualClock:
    """A clock on which nobody waits: `sleeps` holds every pause in seconds, and the time is `start` plus their sum."""

    start: datetime = datetime(2030, 1, 1, tzinfo=UTC)
    sleeps: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        """The time that would have come."""
        return datetime.fromtimestamp(self.start.timestamp() + sum(self.sleeps), UTC)

    def sleep(self, seconds: float) -> None:
        """Takes note of the pause."""
        self.sleeps.append(seconds)


class TransientFault(Exception):
    """A fault that may be gone later; `retry_after` is what the server said of it, as the header has it."""

    def __init__(self, message: str, retry_after: str | None) -> None:
        super().__init__(message, retry_after)
        self.message = message
        self.retry_after = retry_after


def ask_again(
    ask: Callable[[], _Answer], retries: int, clock: Clock, jitter: Callable[[], float] = random.random
) -> _Answer:
    """What `ask` returns, asked up to `retries` times more while it raises `TransientFault`.

    Pauses double from 1 s to 60 s, each drawn from its upper half by `jitter` in [0, 1); where the server names a pause
    (RFC 9110, 10.2.3) that is the least. Raises `DesignerUnreachable` after the last, or where it names more than 300 s.
    """
    for attempt in range(retries + 1):
        try:
            return ask()
        except TransientFault as fault:
            asked = retry_after_seconds(fault.retry_after, clock.now())
            if attempt == retries or asked > LONGEST_RETRY_AFTER_SECONDS:
                raise DesignerUnreachable(_given_up(fault, attempt + 1, asked)) from None
            pause = max(pause_seconds(attempt, jitter()), asked)
            log.warning("no answer, asked again in %.1f s: %s", pause, fault.message)
            clock.sleep(pause)
    raise ValueError(f"expected retries >= 0, got {retries}")


def pause_seconds(attempt: int, jitter: float) -> float:
    """The pause after attempt 0, 1, …: between half of `min(60, 2^attempt)` seconds and the whole of it."""
    longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(attempt, 30))
    return longest * (0.5 + 0.5 * jitter)


def retry_after_seconds(header: str | None, now: datetime) -> float:
    """Seconds that a Retry-After header asks for, given as a number or as a date; 0 where there is none that can be read."""
    if header is None:
        return 0.0
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(header) - now).total_seconds()
        except (ValueError, TypeError):
            return 0.0
    return max(seconds, 0.0) if math.isfinite(seconds) else 0.0


def _given_up(fault: TransientFault, attempts: int, asked: float) -> str:
    asks = f"; the server asks to wait {asked:.0f} s" if asked > 0 else ""
    return f"no answer after {attempts} attempt{'s' if attempts > 1 else ''}{asks}; the last: {fault.message}"
