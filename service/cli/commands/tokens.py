"""`rewardsmith token …`: who may use the API. These speak to the database itself, so they need its URL and no token."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from service.store.tokens import Tokens

app = typer.Typer(help="Make, list and revoke the API's tokens.", no_args_is_help=True)
SCOPES = "`read` looks, `run` submits and steers as well, `admin` deletes as well."
Json = Annotated[bool, typer.Option("--json", help="Results as JSON on standard output.")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Whose it is, or what for.")],
    scope: Annotated[str, typer.Option("--scope", help=f"What it allows: {SCOPES}")] = "run",
    json: Json = False,
) -> None:
    """Make a token and show its secret, this once."""
    from service.cli.faults import BadInput
    from service.cli.terminal import print_json
    from service.schema import Scope

    if scope not in tuple(Scope):
        raise BadInput(f"--scope: expected one of {', '.join(Scope)}, got {scope!r}")
    with _tokens() as tokens:
        made = tokens.create(name, Scope(scope))
    if json:
        print_json(made)
    else:
        print(made.secret)


@app.command()
def ls(json: Json = False) -> None:
    """List the tokens, never their secrets."""
    from service.cli.tables import print_table
    from service.cli.terminal import console, print_json

    with _tokens() as tokens:
        known = tokens.list()
    if json:
        print_json(known)
        return
    rows = [
        (one.id, one.scope, f"{one.created_at:%Y-%m-%d %H:%M}", "revoked" if one.revoked_at else "valid", one.name)
        for one in known
    ]
    print_table(console(), "Tokens", ("token", "scope", "created", "state", "name"), rows)


@app.command()
def revoke(
    token_id: Annotated[str, typer.Argument(metavar="TOKEN", help="Its id; `rewardsmith token ls` lists them.")],
    json: Json = False,
) -> None:
    """End a token for good; the next request with it is refused."""
    from service.cli.faults import BadInput
    from service.cli.terminal import print_json
    from service.store import NotFound

    try:
        with _tokens() as tokens:
            revoked = tokens.revoke(token_id)
    except NotFound as error:
        raise BadInput(str(error)) from error
    if json:
        print_json(revoked)
    else:
        print(f"{revoked.id} ({revoked.name}) is revoked")


@contextmanager
def _tokens() -> Iterator[Tokens]:
    from service.cli.faults import Infrastructure
    from service.cli.place import settings_of_the_database
    from service.store import StoreUnavailable, open_store

    try:
        store = open_store(settings_of_the_database("token").database_url)
        try:
            yield store.tokens
        finally:
            store.close()
    except StoreUnavailable as error:
        raise Infrastructure(str(error)) from error
