"""What may be deleted of runs that have ended: rows first, so that none ever names a file that is gone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from service.schema import RunState, TrainingState
from service.store import steering
from service.store.database import Database
from service.store.records import ENDED, begun_with
from service.store.tables import RunRow, TrainingRow
from service.store.trainings import OPEN


@dataclass(frozen=True)
class Named:
    """Keys of the artifacts that the rows of a run name, among them `unneeded` ones of checkpoints that could be forgotten.

    `finished`: the trainings that have a policy, and with it whatever else lies under their name.
    """

    keys: frozenset[str]
    unneeded: frozenset[str]
    finished: frozenset[str]


class Retention:
    """The old runs of one database. Every method is one transaction and raises `StoreUnavailable`; thread-safe.

    `before`: only runs that ended before that moment, and of which nothing was heard since.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def ended(self, before: datetime) -> tuple[str, ...]:
        """The runs that have ended, longest ago first."""
        with self._database.reading() as session:
            return _ended(session, before)

    def deletable(self, before: datetime) -> tuple[str, ...]:
        """Those of them that no run which goes on begins with."""
        with self._database.reading() as session:
            needed = begun_with(session)
            return tuple(run_id for run_id in _ended(session, before) if run_id not in needed)

    def delete_run(self, run_id: str, before: datetime) -> bool:
        """Removes a run and all that is known of it but its artifacts; False if it is not deletable any more."""
        with self._database.writing() as session:
            row = _locked(session, run_id)
            if row is None or not _is_old(row, before) or run_id in begun_with(session):
                return False
            steering.delete(session, run_id)
            return True

    def forget_checkpoints(self, run_id: str, before: datetime) -> None:
        """Names those checkpoints of a run no longer that are not needed; policies, figures and curves stay.

        A training that was stopped early begins anew if it is ever continued. One that would go on by itself if its run were
        extended keeps its checkpoint.
        """
        with self._database.writing() as session:
            row = _locked(session, run_id)
            if row is not None and _is_old(row, before):
                for training in _unneeded(session, row):
                    training.checkpoint_key = None

    def named(self, run_id: str) -> Named | None:
        """What the rows of a run name that has ended, None for any other. Of an unknown run nothing is named."""
        with self._database.reading() as session:
            return _named(session, session.get(RunRow, run_id))

    @contextmanager
    def at_rest(self, run_id: str) -> Iterator[Named | None]:
        """The same, and as long as the block lasts nobody takes the run up again."""
        with self._database.writing() as session:
            yield _named(session, _locked(session, run_id))

    def give_back(self) -> int | None:
        """Gives the room of deleted rows back to the disk: bytes, None where the database sees to that itself."""
        return self._database.give_back()


def _ended(session: Session, before: datetime) -> tuple[str, ...]:
    query = select(RunRow.id).where(col(RunRow.state).in_(ENDED), col(RunRow.updated_at) < before)
    return tuple(session.exec(query.order_by(col(RunRow.updated_at), col(RunRow.id))).all())


def _locked(session: Session, run_id: str) -> RunRow | None:
    return session.exec(select(RunRow).where(RunRow.id == run_id).with_for_update()).one_or_none()


def _is_old(row: RunRow, before: datetime) -> bool:
    return RunState(row.state).ended and row.updated_at < before


def _unneeded(session: Session, run: RunRow) -> list[TrainingRow]:
    query = select(TrainingRow).where(TrainingRow.run_id == run.id, col(TrainingRow.checkpoint_key).is_not(None))
    final = run.state == RunState.CANCELLED
    return [row for row in session.exec(query).all() if final or TrainingState(row.state) not in OPEN]


def _named(session: Session, run: RunRow | None) -> Named | None:
    if run is None:
        return Named(frozenset(), frozenset(), frozenset())
    if not RunState(run.state).ended:
        return None
    rows = session.exec(select(TrainingRow).where(TrainingRow.run_id == run.id)).all()
    keys = frozenset(key for row in rows for key in (row.checkpoint_key, row.policy_key) if key is not None)
    unneeded = frozenset(key for row in _unneeded(session, run) if (key := row.checkpoint_key) is not None)
    return Named(keys, unneeded, frozenset(row.id for row in rows if row.policy_key is not None))
