"""Figures as people read them. What is unknown is a dash or a gap, never a zero."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from math import floor, isfinite, log10

UNKNOWN = "\N{EN DASH}"
WIDTH, HEIGHT, EDGE = 96.0, 24.0, 2.0
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0


def figure(value: float | None) -> str:
    """Three significant digits, thousands apart."""
    if value is None or not isfinite(value):
        return UNKNOWN
    if value == 0:
        return "0"
    digits = max(0, 2 - floor(log10(abs(value))))
    return f"{value:,.{min(digits, 6)}f}".replace("-", "\N{MINUS SIGN}")


def whole(value: float | None) -> str:
    """A count, thousands apart."""
    return UNKNOWN if value is None else f"{value:,.0f}"


def percent(value: float | None) -> str:
    """A share in [0, 1]."""
    return UNKNOWN if value is None else f"{100 * value:.0f}%".replace("-", "\N{MINUS SIGN}")


def usd(value: float | None) -> str:
    """US dollars, to the cent; less than half a cent says so."""
    if value is None:
        return UNKNOWN
    return "< $0.01" if 0 < value < 0.005 else f"${value:,.2f}"


def duration(seconds: float) -> str:
    """A span of time in its largest unit that fits."""
    if seconds < MINUTE:
        return f"{max(0.0, seconds):.0f} s"
    if seconds < HOUR:
        return f"{seconds / MINUTE:.0f} min"
    if seconds < DAY:
        return f"{seconds / HOUR:.1f} h"
    return f"{seconds / DAY:.0f} d"


def ago(moment: datetime) -> str:
    """How long ago that was."""
    return f"{duration((datetime.now(UTC) - moment).total_seconds())} ago"


def spark(values: Sequence[float | None]) -> str:
    """A line through the values from left to right, as points within 96 by 24; none of fewer than two."""
    known = [(place, value) for place, value in enumerate(values) if value is not None and isfinite(value)]
    if len(known) < 2:
        return ""
    low, high = min(value for _, value in known), max(value for _, value in known)
    across, up = (WIDTH - 2 * EDGE) / (len(values) - 1), (HEIGHT - 2 * EDGE) / ((high - low) or 1.0)
    return " ".join(f"{EDGE + place * across:.1f},{HEIGHT - EDGE - (value - low) * up:.1f}" for place, value in known)
