"""What a completion cost, as its response and litellm's price table say."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from service.schema import Usage

if TYPE_CHECKING:
    from litellm import ModelResponse


def usage_of(response: ModelResponse, seconds: float) -> Usage:
    """Tokens, US dollars (None where the price is unknown) and seconds of one response."""
    counted = getattr(response, "usage", None)
    return Usage(
        prompt_tokens=getattr(counted, "prompt_tokens", None) or 0,
        completion_tokens=getattr(counted, "completion_tokens", None) or 0,
        usd=_usd(response),
        latency_seconds=seconds,
    )


def _usd(response: ModelResponse) -> float | None:
    import litellm

    try:
        usd = litellm.completion_cost(completion_response=response)
    except Exception:  # noqa: BLE001 - litellm raises plain Exceptions for unknown prices, and the reply is paid for
        return None
    return usd if math.isfinite(usd) and usd >= 0 else None
