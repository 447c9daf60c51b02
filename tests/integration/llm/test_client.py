"""The designer that asks a model, against a server on loopback that answers as real ones do."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from envs.card import card
from service.evolution.critic import extract_source
from service.llm.client import LiteLLMDesigner
from service.llm.contract import DesignerMisconfigured, DesignerRefused, DesignerUnreachable, DesignRequest, Rejected
from service.llm.loopback import Behaviour, LoopbackServer, Step, reward
from service.llm.retry import ManualClock
from service.schema import Fitness, Message

KEY = "sk-loopback-0123456789"
MODEL = "openai/some-model"
MESSAGES = (Message(role="system", content="be brief"), Message(role="user", content="write a reward"))


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def request(rejected: Rejected | None = None) -> DesignRequest:
    metric = card("Hopper-v5").metrics[0]
    fitness = Fitness(name=metric.name, score=metric.score, success=metric.success)
    return DesignRequest(card("Hopper-v5"), "hop", fitness, {}, 1, 0, 0, 0, (), rejected, MESSAGES)


def designer(
    server: LoopbackServer, clock: ManualClock | None = None, timeout_seconds: float = 20.0
) -> LiteLLMDesigner:
    return LiteLLMDesigner(MODEL, 0.7, server.base_url, timeout_seconds, 2, clock or ManualClock())


def test_one_request_goes_out_as_it_was_written_and_the_reply_comes_back_whole() -> None:
    with LoopbackServer() as server:
        reply = designer(server).design(request())
    (sent,) = server.requests
    assert (sent.model, sent.temperature) == ("some-model", 0.7)
    assert [(turn.role, turn.content) for turn in sent.messages] == [("system", "be brief"), ("user", "write a reward")]
    assert extract_source(reply.text) == reward(1)
    assert (reply.origin, reply.parents) == ("proposed", ())
    # "be brief" and "write a reward" are 5 words, which the server counts as tokens; nobody knows this model's price.
    assert reply.usage.prompt_tokens == 5
    assert reply.usage.completion_tokens > 0
    assert reply.usage.usd is None
    assert 0.0 < reply.usage.latency_seconds < 20.0


@pytest.mark.parametrize("provider", ["oobabooga/", "huggingface/", "openai/", ""])
def test_a_model_cannot_name_a_server(provider: str) -> None:
    with LoopbackServer() as server:
        asked = LiteLLMDesigner(f"{provider}{server.base_url}", 0.7, None, 5.0, 0, ManualClock())
        with pytest.raises(DesignerMisconfigured, match="provider/model"):
            asked.check()
    assert not server.requests


def test_a_known_models_price_is_counted() -> None:
    with LoopbackServer() as server:
        reply = LiteLLMDesigner("openai/gpt-4o-mini", 1.0, server.base_url, 20.0, 0).design(request())
    assert reply.usage.usd is not None
    assert 0.0 < reply.usage.usd < 0.01


def test_a_repair_is_named_one() -> None:
    with LoopbackServer() as server:
        assert designer(server).design(request(Rejected("x", ()))).origin == "repaired"


def test_429_is_asked_again_no_sooner_than_the_server_says() -> None:
    clock = ManualClock()
    with LoopbackServer([Behaviour.RATE_LIMITED], retry_after_seconds=13.0) as server:
        reply = designer(server, clock).design(request())
    assert extract_source(reply.text) == reward(2)
    assert len(server.requests) == 2
    assert clock.sleeps == [13.0]


@pytest.mark.parametrize(
    "fault", [Behaviour.SERVER_ERROR, Behaviour.CUT, Behaviour.NOT_JSON, Behaviour.NO_CHOICES, Behaviour.RATE_LIMITED]
)
def test_a_fault_that_may_pass_is_asked_again(fault: Behaviour) -> None:
    with LoopbackServer([fault, fault]) as server:
        reply = designer(server).design(request())
    assert extract_source(reply.text) == reward(3)
    assert len(server.requests) == 3


def test_a_server_that_hangs_is_left_after_the_time_out() -> None:
    with LoopbackServer([Behaviour.HANG]) as server:
        reply = designer(server, timeout_seconds=0.5).design(request())
    assert extract_source(reply.text) == reward(2)
    assert len(server.requests) == 2


def test_a_server_that_never_recovers_is_unreachable_after_all_retries() -> None:
    with (
        LoopbackServer(then=Behaviour.SERVER_ERROR) as server,
        pytest.raises(DesignerUnreachable, match="after 3 attempts"),
    ):
        designer(server).design(request())
    assert len(server.requests) == 3


@pytest.mark.parametrize("fault", [Behaviour.BAD_REQUEST, Behaviour.UNAUTHORISED, Behaviour.NO_QUOTA])
def test_what_will_not_pass_is_not_asked_again(fault: Behaviour) -> None:
    with LoopbackServer(then=fault) as server, pytest.raises(DesignerRefused, match=MODEL):
        designer(server).design(request())
    assert len(server.requests) == 1


def test_a_server_that_repeats_the_key_does_not_get_it_into_the_error() -> None:
    with LoopbackServer(then=Behaviour.UNAUTHORISED) as server, pytest.raises(DesignerRefused) as refused:
        designer(server).design(request())
    assert KEY not in str(refused.value)
    assert "OPENAI_API_KEY" in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_truncated_reply_is_paid_for_and_returned_as_it_is() -> None:
    with LoopbackServer([Behaviour.TRUNCATED]) as server:
        reply = designer(server).design(request())
    assert len(server.requests) == 1
    assert "compute_reward" in reply.text
    assert reply.text.count("```") == 1


def test_many_requests_at_once_each_get_an_answer() -> None:
    script: list[Step] = [Behaviour.RATE_LIMITED, Behaviour.GOOD, Behaviour.SERVER_ERROR]
    with LoopbackServer(script) as server, ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(lambda _: designer(server).design(request()), range(6)))
    assert len(server.requests) == 8
    assert len({extract_source(reply.text) for reply in replies}) == 6


def test_a_key_that_is_missing_is_named_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(DesignerMisconfigured, match="OPENAI_API_KEY"):
        LiteLLMDesigner("openai/gpt-4o", 1.0, None, 20.0, 0).check()


def test_a_key_that_is_empty_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "")
    with pytest.raises(DesignerMisconfigured, match="OPENAI_API_KEY, which is not set or empty"):
        LiteLLMDesigner("openai/gpt-4o", 1.0, None, 20.0, 0).check()


@pytest.mark.parametrize("key", [None, ""], ids=["not set", "empty"])
def test_a_server_of_ones_own_needs_no_key(monkeypatch: pytest.MonkeyPatch, key: str | None) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    if key is not None:
        monkeypatch.setenv("OPENAI_API_KEY", key)
    with LoopbackServer() as server:
        designer(server).check()
        assert server.requests == []
        assert extract_source(designer(server).design(request()).text) == reward(1)


def test_a_local_ollama_needs_no_key() -> None:
    LiteLLMDesigner("ollama/llama3", 1.0, None, 20.0, 0).check()


def test_an_unknown_provider_is_refused_with_examples() -> None:
    with pytest.raises(DesignerMisconfigured, match="provider/model, as in openai/gpt-4o"):
        LiteLLMDesigner("nonsense", 1.0, None, 20.0, 0).check()


def test_a_server_that_is_not_there_is_said_before_anything_is_sent() -> None:
    with LoopbackServer() as server:
        gone = server.base_url
    with pytest.raises(DesignerUnreachable, match="no server answers at http"):
        LiteLLMDesigner(MODEL, 1.0, gone, 20.0, 0).check()


@pytest.mark.parametrize("base_url", ["localhost:8000/v1", "ftp://localhost/v1", "not a url"])
def test_a_base_url_that_is_none_is_refused(base_url: str) -> None:
    with pytest.raises(DesignerMisconfigured, match="expected a URL as in http://localhost:8000/v1"):
        LiteLLMDesigner(MODEL, 1.0, base_url, 20.0, 0).check()


def test_litellm_is_not_imported_before_a_model_is_asked() -> None:
    code = "import sys, service.llm.client, service.llm.select; sys.exit('litellm' in sys.modules or 'openai' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env=dict(os.environ), timeout=60, check=False).returncode == 0


def test_a_script_may_hold_the_very_words_of_an_answer() -> None:
    with LoopbackServer(["```python\ndef compute_reward(action): ...\n```"]) as server:
        assert extract_source(designer(server).design(request()).text) == "def compute_reward(action): ...\n"


def test_letters_that_no_database_holds_are_replaced() -> None:
    with LoopbackServer(["a\0b\ud800c\U0001f407"]) as server:
        assert designer(server).design(request()).text == "a\ufffdb\ufffdc\U0001f407"
