from __future__ import annotations

import json

import pytest

from service.schema import Scope
from service.settings import Settings
from service.store import open_store
from tests.unit.cli.shell import Shell


def recognised(secret: str) -> Scope | None:
    store = open_store(Settings().database_url)
    token = store.tokens.recognise(secret)
    store.close()
    return None if token is None else token.scope


def test_a_token_is_made_used_listed_and_revoked(shell: Shell) -> None:
    code, secret, _ = shell("token", "create", "robot lab", "--scope", "read")
    assert code == 0
    assert recognised(secret.strip()) is Scope.READ

    _, listed, _ = shell("token", "ls", "--json")
    [token] = json.loads(listed)
    assert (token["name"], token["scope"], token["revoked_at"]) == ("robot lab", "read", None)
    assert secret.strip() not in listed

    assert shell("token", "revoke", token["id"])[0] == 0
    assert recognised(secret.strip()) is None
    assert "revoked" in shell("token", "ls")[1]


def test_a_token_may_submit_unless_it_is_made_to_do_less(shell: Shell) -> None:
    made = json.loads(shell("token", "create", "lab", "--json")[1])
    assert recognised(made["secret"]) is Scope.RUN


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("token", "create", "lab", "--scope", "root"), "expected one of read, run, admin, got 'root'"),
        (("token", "revoke", "t-nowhere"), "no token 't-nowhere' is stored; `rewardsmith token ls` lists them"),
        (("token", "create"), "Missing argument"),
    ],
)
def test_what_cannot_be_done_is_refused_with_what_is_allowed(shell: Shell, words: tuple[str, ...], told: str) -> None:
    assert told in shell.refused(*words)


def test_a_name_cannot_write_to_the_terminal(shell: Shell) -> None:
    shell("token", "create", "\x1b[31mred\x1b]0;title\x07")
    assert "\x1b" not in shell("token", "ls")[1]
