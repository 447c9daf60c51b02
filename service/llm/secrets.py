"""Keeps keys out of every text that leaves this package, and out of the log."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Final

_HIDDEN: Final = "[secret]"
_NAMED_SECRET: Final = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL", re.IGNORECASE)
_LOOKS_SECRET: Final = (
    re.compile(r"\brewardsmith_[A-Za-z0-9_-]{20,}"),
    re.compile(r"\b(?:sk|pk|rk|gsk|xai|hf|ghp|AIza)[-_]?[A-Za-z0-9_*\-]{8,}"),
    re.compile(r"(?<=\bBearer )[^\s'\",]+", re.IGNORECASE),
    re.compile(r"(?<=//)[^/\s:@]+:[^/\s@]+(?=@)"),
    re.compile(r"(?<=[?&])(?:api[-_]?key|key|token)=[^&\s'\"]+", re.IGNORECASE),
)
_SHORTEST: Final = 8


def environment_secrets() -> tuple[str, ...]:
    """What the environment's variables hold whose names speak of secrets."""
    return tuple(value for name, value in os.environ.items() if _NAMED_SECRET.search(name) and len(value) >= _SHORTEST)


def without_secrets(text: str, secrets: Sequence[str]) -> str:
    """`text` without those secrets or what looks like one."""
    for secret in secrets:
        text = text.replace(secret, _HIDDEN)
    for pattern in _LOOKS_SECRET:
        text = pattern.sub(_HIDDEN, text)
    return text


def scrubbed(text: str, limit: int = 600) -> str:
    """`text` on one printable line without secrets, cut to `limit` characters."""
    text = without_secrets(text, environment_secrets())
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return text if len(text) <= limit else f"{text[:limit]} […]"
