"""Which environments a test is run on that would take too long on all of them."""

from __future__ import annotations

from envs.behaviour import policy_path
from envs.card import cards

REPRESENTATIVES = (
    "Ant-lie-down",
    "FetchReach-v4",
    "HalfCheetah-v5",
    "Hopper-v5",
    "Walker2d-splits",
    "drawer-open-v3",
)
"""They stand for the others: early and late ends, one part of an observation and several, posed variables, goals."""

WITH_POLICY = tuple(name for name, known in cards().items() if policy_path(known).exists())
"""Those with a reference policy."""
