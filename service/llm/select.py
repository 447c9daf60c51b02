"""Which designer a run's `designer` field names."""

from __future__ import annotations

from service.llm.contract import Designer
from service.llm.offline.designer import OFFLINE_RANDOM, OfflineDesigner
from service.schema import OFFLINE


def make_designer(
    name: str, temperature: float, base_url: str | None = None, timeout_seconds: float = 120.0, retries: int = 5
) -> Designer:
    """`offline`, `offline-random` (samples only, what search is measured against), or a model by its litellm name.

    `base_url`: an OpenAI-compatible server to ask instead of the provider's own. `check()` says whether it can be used.
    """
    if name in (OFFLINE, OFFLINE_RANDOM):
        return OfflineDesigner(explore_only=name == OFFLINE_RANDOM)
    from service.llm.client import LiteLLMDesigner

    return LiteLLMDesigner(name, temperature, base_url, timeout_seconds, retries)
