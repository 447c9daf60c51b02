"""Which designer a run's `designer` field names."""

from __future__ import annotations

from service.llm.contract import Designer
from service.llm.offline.designer import OfflineDesigner
from service.schema import OFFLINE_DESIGNERS, OFFLINE_RANDOM


def make_designer(
    name: str, temperature: float, base_url: str | None = None, timeout_seconds: float = 120.0, retries: int = 5
) -> Designer:
    """`offline`, `offline-random` (samples only, what search is measured against), or a model by its litellm name.

    `base_url`: an OpenAI-compatible server that models named `openai/…` are asked at; other providers have their own.
    `check()` says whether the designer can be used.
    """
    if name in OFFLINE_DESIGNERS:
        return OfflineDesigner(explore_only=name == OFFLINE_RANDOM)
    from service.llm.client import LiteLLMDesigner

    server = base_url if name.startswith("openai/") else None
    return LiteLLMDesigner(name, temperature, server, timeout_seconds, retries)
