"""Keys that a page has are documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from service.dashboard.frame import KEYS
from service.dashboard.pages import candidate, compare, run, runs

PAGE = (Path(__file__).parents[3] / "docs" / "dashboard.md").read_text(encoding="utf-8")
TOLD = {key for keys in (KEYS, runs.KEYS, run.KEYS, candidate.KEYS, compare.KEYS) for key, _ in keys}


@pytest.mark.parametrize("key", sorted(TOLD))
def test_every_key_is_documented(key: str) -> None:
    told = re.sub("[^, ]+", r"`\g<0>`", key)
    assert f"| {told} |" in PAGE
