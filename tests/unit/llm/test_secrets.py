"""Keys leave in no text."""

from __future__ import annotations

import pytest

from service.llm.secrets import scrubbed


def test_every_secret_of_the_environment_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "plain-looking-words")
    monkeypatch.setenv("DATABASE_PASSWORD", "correct horse")
    said = scrubbed("sent plain-looking-words with correct horse to the server")
    assert said == "sent [secret] with [secret] to the server"


@pytest.mark.parametrize(
    "text",
    [
        "Incorrect API key provided: sk-abcd1234efgh5678.",
        "Incorrect API key provided: sk-abcd****************5678.",
        "Authorization: Bearer abcd1234efgh5678",
        "http://user:abcd1234@example.org/v1 is down",
        "GET https://example.org/v1?api_key=abcd1234&x=1",
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str) -> None:
    assert "abcd" not in scrubbed(text)
    assert "[secret]" in scrubbed(text)


def test_other_text_stays_on_one_line_and_short() -> None:
    assert scrubbed("a task of\n  asking a skater to skate") == "a task of asking a skater to skate"
    assert scrubbed("a\x1b[31m\0b\ud800") == "a [31m b"
    assert scrubbed("x" * 700) == "x" * 600 + " […]"
