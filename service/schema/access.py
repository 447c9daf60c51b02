"""Who may use the API: bearer tokens, each with one scope."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from service.schema.search import Frozen


class Scope(StrEnum):
    """What a token allows; each scope allows what stands before it as well."""

    READ = "read"
    RUN = "run"
    ADMIN = "admin"

    def allows(self, wanted: Scope) -> bool:
        """Whether whoever has this scope may do what `wanted` is asked for."""
        ranks = tuple(Scope)
        return ranks.index(self) >= ranks.index(wanted)


class Token(Frozen):
    """A bearer token as its owner sees it: never its secret, of which only a hash is stored."""

    id: str
    name: str = Field(description="Whose it is, or what for.")
    scope: Scope
    created_at: datetime
    revoked_at: datetime | None = None


class NewToken(Frozen):
    """A token just made; `secret` is shown this once."""

    token: Token
    secret: str
