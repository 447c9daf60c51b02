"""What litellm's table says, read without litellm: held against what litellm itself counts."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from service.llm.names import name_fault
from service.llm.prices import FREE, price_of

LISTED = [
    "gpt-4.1",
    "openai/gpt-4.1",
    "anthropic/claude-sonnet-4-5",
    "azure/gpt-4.1",
    "deepseek/deepseek-chat",
    "gemini/gemini-2.5-pro",
    "mistral/mistral-large-latest",
    "vertex_ai/gemini-2.5-pro",
]


COUNTED = """
import json, litellm, sys
json.dump([litellm.cost_per_token(model=one, prompt_tokens=1000, completion_tokens=500) for one in sys.argv[1:]], sys.stdout)
"""


def test_prices_are_what_litellm_counts() -> None:
    done = subprocess.run(
        [sys.executable, "-c", COUNTED, *LISTED],
        env={**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
        capture_output=True,
        timeout=120,
        check=True,
    )
    for model, (prompt, completion) in zip(LISTED, json.loads(done.stdout), strict=True):
        price = price_of(model)
        assert price is not None, model
        assert (price.usd(1000, 0), price.usd(0, 500)) == (pytest.approx(prompt), pytest.approx(completion)), model


@pytest.mark.parametrize("model", ["openai/no-such-model", "hosted_vllm/llama", "anthropic/gpt-4.1", "nonsense"])
def test_a_price_that_is_not_listed_is_unknown(model: str) -> None:
    assert price_of(model) is None


@pytest.mark.parametrize("designer", ["offline", "offline-random", "ollama/llama3", "ollama_chat/no-such-model"])
def test_what_runs_on_ones_own_machine_costs_nothing(designer: str) -> None:
    assert price_of(designer) == FREE


@pytest.mark.parametrize(
    "designer",
    ["offline", "gpt-4.1", "openai/mine", "some-new-provider/model", "ft:gpt-4o:our-lab", "bedrock/arn:aws:bedrock:x"],
)
def test_a_name_that_may_be_a_designers_is_left_to_those_who_ask_it(designer: str) -> None:
    assert name_fault(designer) is None


@pytest.mark.parametrize("designer", ["nonsense", "https://evil.example/v1", "openai/http://evil.example"])
def test_a_name_that_is_certainly_no_designers_is_refused_with_examples(designer: str) -> None:
    assert "provider/model, as in openai/gpt-4o" in str(name_fault(designer))


def test_names_and_prices_are_told_without_litellm() -> None:
    code = (
        "import sys; from service.llm.names import name_fault; from service.llm.prices import price_of; "
        "assert price_of('openai/gpt-4.1'); name_fault('gpt-9'); sys.exit('litellm' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0
