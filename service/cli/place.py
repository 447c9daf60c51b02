"""Where a command has its work done: at the server that `REWARDSMITH_URL` names, or in this process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from service.cli.client import Client
from service.cli.faults import BadInput
from service.schema import Run
from service.settings import Settings


class Work(Protocol):
    """The work on one run, done here or elsewhere."""

    def over(self, run: Run) -> bool:
        """Whether there is nothing more to wait for, after waiting a little; `run` is the run as it was last seen."""

    def leave(self) -> str:
        """Lets go of it at Ctrl-C; how to come back to it, in words."""


@dataclass(frozen=True)
class Workplace:
    """What a command needs: the API, somebody who works on a run, and why a designer cannot be used, as far as is known here."""

    client: Client
    work: Callable[[str], Work]
    check_designer: Callable[[str], str | None]


def open_workplace() -> AbstractContextManager[Workplace]:
    """The workplace that the settings name. Raises `CommandFault` where it cannot be used."""
    settings = read_settings()
    if settings.url is None:
        from service.cli.embedded import open_embedded

        return open_embedded(settings)
    from service.cli.served import open_served

    return open_served(settings.url, settings.token)


def read_settings() -> Settings:
    """The settings of this installation. Raises `BadInput` naming the one that is wrong."""
    from pydantic import ValidationError

    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(f"REWARDSMITH_{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        raise BadInput(wrong) from error


def _to_standard_error(line: str) -> None:
    print(line, file=sys.stderr)


def settings_of_this_machine(command: str, tell: Callable[[str], None] = _to_standard_error) -> Settings:
    """The settings for a command that works here whatever server is named; it says so where one is."""
    settings = read_settings()
    if settings.url is not None:
        tell(f"{command} concerns this machine: REWARDSMITH_URL ({settings.url}) is ignored")
    return settings


def settings_of_the_database(command: str) -> Settings:
    """The settings for a command that changes the database itself. Raises `BadInput` where a server is named instead."""
    settings = read_settings()
    if settings.url is not None:
        raise BadInput(
            f"{command} works on the database itself, and REWARDSMITH_URL names a server ({settings.url}): run it on "
            "the server's machine, or unset REWARDSMITH_URL"
        )
    return settings
