"""Bearer tokens: made, listed, revoked and recognised. The secret itself is never stored."""

from __future__ import annotations

import hashlib
import secrets
from typing import cast

from sqlalchemy import bindparam, inspect
from sqlalchemy import select as select_columns
from sqlmodel import col, select

from service.schema import NewToken, Scope, Token
from service.store.columns import now
from service.store.database import Database
from service.store.errors import NotFound
from service.store.tables import TokenRow

PREFIX = "rewardsmith_"
SECRET_BYTES = 32
TABLE = inspect(TokenRow).local_table
VALID = select_columns(TABLE).where(TABLE.c.revoked_at.is_(None), TABLE.c.secret_hash == bindparam("given"))
"""Made once, and of plain rows: each request asks, and more would cost as much again."""


class Tokens:
    """The tokens of one database. Every method is one transaction and raises `StoreUnavailable`; thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str, scope: Scope) -> NewToken:
        """A new token with a random secret."""
        secret = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
        row = TokenRow(
            id=f"t-{secrets.token_hex(5)}", name=name, scope=scope, secret_hash=_hash(secret), created_at=now()
        )
        with self._database.writing() as session:
            session.add(row)
        return NewToken(token=_token_of(row), secret=secret)

    def list(self) -> tuple[Token, ...]:
        """All tokens, oldest first, revoked ones among them."""
        with self._database.reading() as session:
            rows = session.exec(select(TokenRow).order_by(col(TokenRow.created_at), col(TokenRow.id))).all()
            return tuple(_token_of(row) for row in rows)

    def revoke(self, token_id: str) -> Token:
        """Ends a token for good; one that is revoked already stays as it is. Raises `NotFound`."""
        with self._database.writing() as session:
            row = session.get(TokenRow, token_id)
            if row is None:
                raise NotFound(f"no token {token_id!r} is stored; `rewardsmith token ls` lists them")
            row.revoked_at = row.revoked_at or now()
            return _token_of(row)

    def recognise(self, secret: str) -> Token | None:
        """The token with that secret, None if there is none or it is revoked."""
        with self._database.reading() as session:
            row = session.execute(VALID, {"given": _hash(secret)}).one_or_none()
            return None if row is None else _token_of(cast(TokenRow, row))


def _hash(secret: str) -> str:
    """SHA-256 in hexadecimal: enough for 256 random bits, which nobody can guess from a list as one can a password."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _token_of(row: TokenRow) -> Token:
    return Token(id=row.id, name=row.name, scope=Scope(row.scope), created_at=row.created_at, revoked_at=row.revoked_at)
