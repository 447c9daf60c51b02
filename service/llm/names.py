"""Whether a designer's name can be one, told without loading a model client: for a process that asks no model itself."""

from __future__ import annotations

from service.llm.prices import is_listed
from service.llm.secrets import scrubbed
from service.schema import OFFLINE_DESIGNERS


def name_fault(designer: str) -> str | None:
    """Why a name is certainly no designer's, None if it may be one.

    Whether its provider exists and has its key is known where models are asked: `Designer.check` says so before anything is spent.
    """
    if designer in OFFLINE_DESIGNERS:
        return None
    # Some providers take a URL for a model: whoever names a model must not choose where keys and prompts go.
    if "://" in designer or not ({"/", ":"} & set(designer) or is_listed(designer)):
        return not_a_model(designer)
    return None


def not_a_model(name: str) -> str:
    """What is said of a name that is no model's."""
    return (
        f"model {scrubbed(name)!r}: expected a litellm name, provider/model, as in openai/gpt-4o, "
        "anthropic/claude-sonnet-4-5 or ollama/llama3; for your own OpenAI-compatible server write openai/NAME "
        "and set its base URL; `offline` needs no model"
    )
