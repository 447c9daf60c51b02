"""A server elsewhere: its address and its token checked before anything is asked of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from service.cli.address import is_loopback
from service.cli.client import PREFIX, Client
from service.cli.faults import BadInput, Infrastructure
from service.cli.following import WorkElsewhere
from service.cli.place import Workplace

if TYPE_CHECKING:
    import httpx
    from pydantic import SecretStr

SECONDS_TO_CONNECT = 10.0
SECONDS_TO_ANSWER = 120.0


@contextmanager
def open_served(url: str, token: SecretStr | None) -> Iterator[Workplace]:
    """The server at `url`, once it is known to be of this release; only then is it shown the token, and nobody else ever.

    No redirect is followed. Raises `BadInput` for an address or a token that cannot be one, `Infrastructure` for a server that
    cannot be reached, is of another release or is something else.
    """
    import httpx

    address = _address(url)
    loopback = _is_this_machine(address.host)
    http = httpx.AsyncClient(
        base_url=address,
        timeout=httpx.Timeout(SECONDS_TO_ANSWER, connect=SECONDS_TO_CONNECT),
        follow_redirects=False,
        trust_env=not loopback,  # a proxy would carry to others what is said to this machine
    )
    with Client(http, str(address)) as client:
        _check_release(client.release(), str(address))
        if token is not None:
            if address.scheme == "http" and not loopback:
                print(f"warning: REWARDSMITH_TOKEN goes to {address.host} unencrypted; use https://", file=sys.stderr)
            http.headers["Authorization"] = f"Bearer {_shown(token)}"
        yield Workplace(client, lambda run_id: WorkElsewhere(run_id, f"at {address}"), lambda _: None)


def _address(url: str) -> httpx.URL:
    import httpx

    try:
        address = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise BadInput(f"REWARDSMITH_URL: not an address ({error})") from error
    if not address.host or address.userinfo or address.query or address.fragment:
        raise BadInput("REWARDSMITH_URL: expected https://HOST or https://HOST:PORT/PATH and nothing else in it")
    if address.path.rstrip("/").endswith(PREFIX):
        raise BadInput(f"REWARDSMITH_URL: expected the server's address without {PREFIX}, got {address}")
    return address


def _shown(token: SecretStr) -> str:
    secret = token.get_secret_value()
    if not secret or not all("!" <= letter <= "~" for letter in secret):
        raise BadInput("REWARDSMITH_TOKEN: expected a token as `rewardsmith token create` shows it, got something else")
    return secret


def _is_this_machine(host: str) -> bool:
    try:
        return is_loopback(host)
    except ValueError:
        return False


def _check_release(theirs: str, where: str) -> None:
    ours = version("rewardsmith")
    if theirs.split(".")[:2] != ours.split(".")[:2]:
        raise Infrastructure(
            f"{where} is rewardsmith {theirs[:20]} and this command is of {ours}: install the server's release here, or name "
            "another server with REWARDSMITH_URL"
        )
