"""The store: what everybody may read, what a user may wish for, and who may work."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from service.schema import (
    Budget,
    Candidate,
    CandidateState,
    Census,
    Completion,
    Contribution,
    Event,
    EventKind,
    Extension,
    Feedback,
    Fitness,
    Iteration,
    MeasuredCompletions,
    MeasuredPace,
    Order,
    Preference,
    Run,
    RunRecord,
    RunRequest,
    RunState,
    Spending,
    Training,
    Words,
)
from service.store import figures, people, records, steering
from service.store.census import census
from service.store.change import Change
from service.store.claims import Claim, claimable, held, take
from service.store.columns import now
from service.store.database import Database
from service.store.errors import NotFound, StateConflict
from service.store.listing import RunPage, Wanted, page
from service.store.presence import Presences
from service.store.records import News
from service.store.retention import Retention
from service.store.states import Wish
from service.store.tables import RunRow, TrainingRow
from service.store.tokens import Tokens
from service.store.writer import Writer


@dataclass(frozen=True)
class Pulse:
    """What the owner of a run hears at a heartbeat: the state that a user wishes for, what the run has used and may use."""

    wanted: RunState | None
    spending: Spending
    budget: Budget


class Store:
    """All that is known of every run. Every method is one transaction and raises `StoreUnavailable`; thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.tokens = Tokens(database)
        self.orchestrators = Presences(database)
        self.retention = Retention(database)

    def close(self) -> None:
        """Gives all connections back; nothing else is lost."""
        self._database.close()

    def create_run(self, request: RunRequest, fitness: Fitness, steps: int, key: str | None = None) -> Run:
        """Stores a new run in `queued`; `steps` are environment steps per training.

        With a `key` that a run was stored with already, that run. Raises `StateConflict` if it was asked for something else.
        """
        try:
            return (
                self._create_run(request, fitness, steps, key)
                if key is None
                else self._once(request, fitness, steps, key)
            )
        except IntegrityError:
            if key is None:
                raise
            return self._once(request, fitness, steps, key)  # another process was first with the key

    def _once(self, request: RunRequest, fitness: Fitness, steps: int, key: str) -> Run:
        with self._database.reading() as session:
            row = session.exec(select(RunRow).where(RunRow.idempotency_key == key)).one_or_none()
            found = None if row is None else records.run_of(row)
            same = row is not None and (row.asked_digest or _digest(row.request)) == _digest(request)
        if found is None:
            return self._create_run(request, fitness, steps, key)
        if not same:
            raise StateConflict(f"run {found.id} was asked for with this key, and for something else: give another key")
        return found

    def _create_run(self, request: RunRequest, fitness: Fitness, steps: int, key: str | None) -> Run:
        at = now()
        row = RunRow(
            id=f"r-{secrets.token_hex(5)}",
            environment=request.environment,
            task=request.task,
            request=request,
            fitness=fitness,
            steps=steps,
            state=RunState.QUEUED,
            idempotency_key=key,
            asked_digest=None if key is None else _digest(request),
            queued_at=at,
            created_at=at,
            updated_at=at,
        )
        with self._database.writing() as session:
            session.add(row)
            session.flush()
            Change(session, row, at).event(EventKind.RUN_STATE, f"queued: {request.task}", state=RunState.QUEUED)
        return records.run_of(row)

    def get_run(self, run_id: str) -> Run:
        """The run of that id. Raises `NotFound`."""
        with self._database.reading() as session:
            return records.run_of(records.run_row(session, run_id))

    def list_runs(self, wanted: Wanted | None = None, limit: int = 50, cursor: str | None = None) -> RunPage:
        """One page of runs, those after `cursor` only. Raises `ValueError` for a cursor that no page of that order gave."""
        with self._database.reading() as session:
            return page(session, wanted or Wanted(), limit, cursor)

    def iterations(self, run_id: str) -> tuple[Iteration, ...]:
        """The run's iterations in order, with their figures. Raises `NotFound`."""
        with self._database.reading() as session:
            records.run_row(session, run_id)
            return records.iterations_of(session, run_id, records.candidates_of(session, run_id))

    def candidates(self, run_id: str, state: CandidateState | None = None) -> tuple[Candidate, ...]:
        """The run's candidates in order of iteration and slot. Raises `NotFound`."""
        with self._database.reading() as session:
            records.run_row(session, run_id)
            found = records.candidates_of(session, run_id)
        return found if state is None else tuple(one for one in found if one.state is state)

    def candidate(self, run_id: str, candidate_id: str) -> Candidate:
        """One candidate of the run. Raises `NotFound`."""
        with self._database.reading() as session:
            records.run_row(session, run_id)
            return records.candidate_of(records.candidate_row(session, run_id, candidate_id))

    def trainings(self, run_id: str, candidate_id: str | None = None) -> tuple[Training, ...]:
        """The run's trainings, or one candidate's, with their curves, in the order of their planning. Raises `NotFound`."""
        with self._database.reading() as session:
            records.run_row(session, run_id)
            if candidate_id is not None:
                records.candidate_row(session, run_id, candidate_id)
            return records.trainings_of(session, run_id, candidate_id)

    def completions(self, run_id: str, iteration: int | None = None, slot: int | None = None) -> tuple[Completion, ...]:
        """The run's completions in order of iteration, slot, attempt and try. Raises `NotFound`."""
        with self._database.reading() as session:
            records.run_row(session, run_id)
            return records.completions_of(session, run_id, iteration, slot)

    def events(self, run_id: str, after: int = 0, limit: int = 1000) -> tuple[Event, ...]:
        """At most `limit` events with numbers above `after`, in order and without gaps. Raises `NotFound`."""
        with self._database.reading() as session:
            records.run_row(session, run_id)
            return records.events_of(session, run_id, after, limit)

    def census(self, seen_within: timedelta) -> Census:
        """What all runs come to at one moment; orchestrators count that gave a sign of life so lately."""
        with self._database.reading() as session:
            return census(session, seen_within)

    def news(self, known: Mapping[str, int | None], limit: int = 1000) -> dict[str, News]:
        """News of several runs at once, by the number of the last event known of each; where that is None, of no events.

        At most `limit` events of each, in order and without gaps; runs that are not stored are left out.
        """
        with self._database.reading() as session:
            return records.news_of(session, known, limit)

    def record(self, run_id: str) -> RunRecord:
        """All that is known of the run at one moment. Raises `NotFound`."""
        with self._database.reading() as session:
            row = records.run_row(session, run_id)
            found = records.candidates_of(session, run_id)
            return RunRecord(
                run=records.run_of(row),
                last_event=row.last_event,
                iterations=records.iterations_of(session, run_id, found),
                candidates=found,
                completions=records.completions_of(session, run_id),
                trainings=records.trainings_of(session, run_id),
                feedback=people.feedback_in(session, run_id),
                preferences=people.preferences_in(session, run_id),
                contributions=people.contributions_in(session, run_id),
            )

    def say(self, run_id: str, words: Words, author: str) -> Feedback:
        """Keeps words for the next reflection. Raises `NotFound`, and `StateConflict` for a run that has ended."""
        with self._change(run_id) as change:
            return people.say(change, words, author)

    def prefer(self, run_id: str, order: Order, author: str) -> Preference:
        """Keeps a ranking to be shown to the designer. Raises as `say` does."""
        with self._change(run_id) as change:
            return people.prefer(change, order, author)

    def contribute(self, run_id: str, source: str, author: str) -> Contribution:
        """Keeps a reward for the next iteration. Raises `NotFound`, and `StateConflict` where none follows."""
        with self._change(run_id) as change:
            return people.contribute(change, source, author)

    def feedback(self, run_id: str) -> tuple[Feedback, ...]:
        """All words on a run, in the order in which they came. Raises `NotFound`."""
        with self._database.reading() as session:
            records.run_row(session, run_id)
            return people.feedback_in(session, run_id)

    def preferences(self, run_id: str) -> tuple[Preference, ...]:
        """All rankings of a run's candidates, in the order in which they came. Raises `NotFound`."""
        with self._database.reading() as session:
            records.run_row(session, run_id)
            return people.preferences_in(session, run_id)

    def policy_key(self, training_id: str) -> str | None:
        """Where the policy of a finished training lies, None before it is finished. Raises `NotFound`."""
        with self._database.reading() as session:
            row = session.get(TrainingRow, training_id)
            if row is None:
                raise NotFound(f"no training {training_id!r} is stored")
            return row.policy_key

    def request_state(self, run_id: str, wish: Wish) -> Run:
        """What a user wishes for a run: done at once where nobody works on it, else noted for its owner to obey.

        To resume a running run takes back a wish to pause it. Raises `NotFound`, and `StateConflict` naming what is allowed.
        """
        with self._database.writing() as session:
            return steering.wish_for(session, run_id, wish)

    def continue_candidate(self, run_id: str, candidate_id: str) -> Run:
        """Has a pruned candidate trained to its end: it is queued again, and so is its run unless somebody works on it.

        A run that has completed or failed is worked on once more, and ends anew. Raises `NotFound`, and `StateConflict`
        for a candidate that is not pruned or a run that is cancelled.
        """
        with self._database.writing() as session:
            return steering.continue_candidate(session, run_id, candidate_id)

    def extend(self, run_id: str, extension: Extension) -> Run:
        """Gives a run more iterations, another budget, or both. One that has completed or failed is worked on once more.

        Raises `NotFound`, and `StateConflict` for a run that is cancelled.
        """
        with self._database.writing() as session:
            return steering.extend(session, run_id, extension)

    def delete(self, run_id: str) -> None:
        """Removes a run and all that is known of it but its artifacts.

        Raises `NotFound`, and `StateConflict` while it is worked on or a run that has not ended begins with its policy.
        """
        with self._database.writing() as session:
            steering.delete(session, run_id)

    def pace(self, environments: Collection[str] | None = None) -> MeasuredPace | None:
        """How fast the newest runs in these environments were trained, in any at all if not given; None if none was."""
        with self._database.reading() as session:
            return figures.pace(session, environments)

    def measured_completions(self, model: str) -> MeasuredCompletions | None:
        """What the newest stored completions of a model took; None if there are none whose tokens were counted."""
        with self._database.reading() as session:
            return figures.completions(session, model)

    def claim(self, owner: str, lease_seconds: float, run_id: str | None = None) -> Claim | None:
        """Takes the run that has waited for an owner longest (or the one named) with a new fencing token; None if there is none."""
        with self._database.reading() as session:
            waiting = claimable(session, run_id)
        for waiting_id in waiting:
            with self._database.writing() as session:
                claim = take(session, waiting_id, owner, lease_seconds)
            if claim is not None:
                return claim
        return None

    def waiting(self) -> bool:
        """Whether a run waits for somebody to work on it."""
        with self._database.reading() as session:
            return bool(claimable(session, None))

    def heartbeat(self, claim: Claim, lease_seconds: float, worked_seconds: float = 0.0) -> Pulse:
        """Prolongs the lease and counts the time worked since the last one. Raises `LeaseLost`, `NotFound`."""
        with self._database.writing() as session:
            row = held(session, claim)
            row.lease_expires_at = now() + timedelta(seconds=lease_seconds)
            row.seconds += worked_seconds
            wanted = None if row.wanted_state is None else RunState(row.wanted_state)
            return Pulse(wanted, records.spending_of(row), row.request.budget)

    def writer(self, claim: Claim) -> Writer:
        """What may change the claimed run."""
        return Writer(self._database, claim)

    @contextmanager
    def _change(self, run_id: str) -> Iterator[Change]:
        with self._database.writing() as session:
            yield Change(session, records.run_row(session, run_id, lock=True))


def _digest(request: RunRequest) -> str:
    """SHA-256 in hexadecimal, the same for equal requests; a field that a later release adds does not change it.

    Hyperparameters are told by then, so a release that tunes an environment otherwise makes another request of it.
    """
    told = request.model_dump(mode="json", exclude_defaults=True)
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def open_store(database_url: str) -> Store:
    """The store at a database URL. Raises `StoreUnavailable`, and so where a server's tables are not of this release.

    A file of SQLite has its tables made or brought up to date first.
    """
    database = Database(database_url)
    try:
        database.prepare()
    except BaseException:
        database.close()
        raise
    return Store(database)


def migrate_store(database_url: str) -> str:
    """Makes the tables at a database URL, or brings them up to date; the URL without its password. Raises `StoreUnavailable`."""
    database = Database(database_url)
    try:
        database.migrate()
    finally:
        database.close()
    return database.where
