"""Which orchestrators live: each says so every few seconds, and is forgotten a day after its last word."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete
from sqlmodel import col, select

from service.schema import OrchestratorPresence
from service.store.columns import now
from service.store.database import Database
from service.store.tables import OrchestratorRow

FORGOTTEN_AFTER = timedelta(days=1)


class Presences:
    """The orchestrators of one database. Every method is one transaction and raises `StoreUnavailable`; thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def here(self, presence: OrchestratorPresence) -> None:
        """An orchestrator's sign of life, in place of its last."""
        with self._database.writing() as session:
            session.merge(OrchestratorRow(**presence.model_dump()))
            session.execute(delete(OrchestratorRow).where(col(OrchestratorRow.seen_at) < now() - FORGOTTEN_AFTER))

    def gone(self, owner: str) -> None:
        """An orchestrator has ended in order."""
        with self._database.writing() as session:
            session.execute(delete(OrchestratorRow).where(col(OrchestratorRow.owner) == owner))

    def list(self, seen_within: timedelta) -> tuple[OrchestratorPresence, ...]:
        """Those who gave a sign of life lately, oldest process first."""
        query = select(OrchestratorRow).where(col(OrchestratorRow.seen_at) >= now() - seen_within)
        ordered = query.order_by(col(OrchestratorRow.started_at), col(OrchestratorRow.owner))
        with self._database.reading() as session:
            return tuple(OrchestratorPresence.model_validate(row.model_dump()) for row in session.exec(ordered).all())
