"""What models cost, from the table that litellm brings, read without importing litellm: that takes seconds and much memory."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from service.schema import OFFLINE_DESIGNERS

_TABLE: Final = "model_prices_and_context_window_backup.json"
_LOCAL: Final = frozenset({"ollama", "ollama_chat"})


@dataclass(frozen=True)
class ModelPrice:
    """US dollars for each token of a prompt and of a reply."""

    usd_per_prompt_token: float
    usd_per_completion_token: float

    def usd(self, prompt_tokens: float, completion_tokens: float) -> float:
        """US dollars for so many tokens."""
        return prompt_tokens * self.usd_per_prompt_token + completion_tokens * self.usd_per_completion_token


FREE: Final = ModelPrice(0.0, 0.0)


@dataclass(frozen=True)
class _Listed:
    provider: str
    price: ModelPrice | None


def price_of(designer: str) -> ModelPrice | None:
    """The price of a designer, None where it is unknown. The offline designers and models of a local Ollama cost nothing."""
    provider, slash, model = designer.partition("/")
    if designer in OFFLINE_DESIGNERS or (slash and provider in _LOCAL):
        return FREE
    listed = _table().get(designer)
    if listed is None and slash:
        # Most providers' own models are listed by their bare names.
        bare = _table().get(model)
        listed = bare if bare is not None and bare.provider.startswith(provider) else None
    return listed.price if listed is not None else None


def is_listed(model: str) -> bool:
    """Whether the table has a model of just this name."""
    return model in _table()


@cache
def _table() -> dict[str, _Listed]:
    package = find_spec("litellm")
    assert package is not None
    assert package.origin is not None
    rows = json.loads((Path(package.origin).parent / _TABLE).read_bytes())
    return {name: _listed(row) for name, row in rows.items()}


def _listed(row: dict[str, object]) -> _Listed:
    provider = str(row.get("litellm_provider", ""))
    match row:
        case {
            "input_cost_per_token": int() | float() as prompt,
            "output_cost_per_token": int() | float() as completion,
        }:
            return _Listed(provider, ModelPrice(prompt, completion))
    return _Listed(provider, None)  # a price in steps, or for something else than tokens
