"""What a claim allows: every method is one transaction that checks the fencing token, writes, and appends its events."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlmodel import select

from service.schema import (
    Candidate,
    CandidateState,
    Comparison,
    Completion,
    CurvePoint,
    EventKind,
    Finding,
    Interval,
    IterationState,
    Message,
    RunState,
    Training,
    TrainingResult,
    Usage,
)
from service.store import candidates, completions, trainings
from service.store.change import Change
from service.store.claims import Claim, held
from service.store.database import Database
from service.store.tables import TrainingRow


class Writer:
    """Changes one claimed run, from any thread.

    All methods raise `LeaseLost` (and then wrote nothing) when the claim no longer holds, and `StoreUnavailable`. What
    has a deterministic id may be written again: the second time changes nothing and gives no event.
    """

    def __init__(self, database: Database, claim: Claim) -> None:
        self._database = database
        self.claim = claim

    def set_run_state(self, state: RunState, reason: str | None = None, seen: int | None = None) -> None:
        """Moves the run on. Any state but `running` gives the claim up: it must be the writer's last change.

        A user's wish that came too late to be heard is obeyed here, unless the run ends. `seen`: the last event when that was
        decided; where more has come since, the run is queued for it.
        """
        with self._change() as change:
            wanted = change.run.wanted_state
            overtaken = seen is not None and change.run.last_event != seen
            if wanted is not None and state is not RunState.RUNNING and (overtaken or not state.ended):
                change.move(RunState(wanted), "asked for by a user")
            elif overtaken:
                change.move(RunState.QUEUED, "more was asked for as it was about to end")
            else:
                change.move(state, reason)

    def start_iteration(self, number: int) -> None:
        """Begins iteration `number` (from 1) in `designing`."""
        with self._change() as change:
            candidates.start_iteration(change, number)

    def set_iteration_state(self, number: int, state: IterationState) -> None:
        """Moves an iteration on, never back. Raises `NotFound`, `StateConflict`."""
        with self._change() as change:
            candidates.set_iteration_state(change, number, state)

    def intend_completion(
        self, iteration: int, slot: int, attempt: int, model: str, messages: tuple[Message, ...]
    ) -> Completion:
        """Records a request before it is sent; its id ends in the number of earlier tries of that attempt.

        Raises `StateConflict` if a reply to that attempt is stored already.
        """
        with self._change() as change:
            return completions.intend(change, iteration, slot, attempt, model, messages)

    def store_completion(
        self, completion_id: str, reply: str, origin: str, parents: tuple[str, ...], usage: Usage
    ) -> Completion:
        """Stores a reply before it is read, and counts its cost. Raises `NotFound`, `StateConflict`.

        It has been paid for: a reply that comes when the run has been left, and nobody has taken it since, is stored as well.
        """
        with self._change(after_leaving=True) as change:
            return completions.store(change, completion_id, reply, origin, parents, usage)

    def fail_completion(self, completion_id: str, error: str, usage: Usage) -> Completion:
        """Notes, however late, that a request had no usable answer, and counts its cost. Raises `NotFound`, `StateConflict`."""
        with self._change(after_leaving=True) as change:
            return completions.fail(change, completion_id, error, usage)

    def add_candidate(self, candidate: Candidate) -> None:
        """Stores a candidate, or replaces one that is only proposed or rejected. Raises `StateConflict`."""
        with self._change() as change:
            candidates.add(change, candidate)

    def set_candidate_state(
        self,
        candidate_id: str,
        state: CandidateState,
        *,
        fitness: float | None = None,
        fitness_interval: Interval | None = None,
        success_rate: float | None = None,
        findings: tuple[Finding, ...] | None = None,
        reason: str | None = None,
    ) -> None:
        """Moves a candidate on and adds what became known; None leaves what is stored. Raises `NotFound`, `StateConflict`."""
        with self._change() as change:
            candidates.set_state(
                change,
                candidate_id,
                state,
                fitness=fitness,
                fitness_interval=fitness_interval,
                success_rate=success_rate,
                findings=findings,
                reason=reason,
            )

    def prune_candidate(self, candidate_id: str, reason: str, findings: tuple[Finding, ...]) -> None:
        """Stops a candidate in training and all its trainings; curves and checkpoints stay. Raises `NotFound`, `StateConflict`."""
        with self._change() as change:
            candidates.prune(change, candidate_id, reason, findings)

    def prune_comparison(self, reason: str) -> None:
        """Stops all trainings of the final comparison that have not ended."""
        with self._change() as change:
            trainings.prune_comparison(change, reason)

    def queue_comparison(self) -> None:
        """Queues the trainings of the final comparison that had been stopped."""
        with self._change() as change:
            trainings.queue_comparison(change)

    def add_trainings(self, planned: tuple[Training, ...]) -> None:
        """Plans trainings in this order; their candidates must be stored. Known ids are left as they are."""
        with self._change() as change:
            trainings.add(change, planned)

    def add_segment(self, training_id: str, point: CurvePoint, checkpoint_key: str, environment_steps: int) -> bool:
        """Counts a segment exactly once and remembers its checkpoint; False if it was stored before.

        `environment_steps` are what the segment cost, evaluation included. Raises `NotFound`, and `StateConflict` for a gap.
        """
        with self._change() as change:
            return trainings.add_segment(change, training_id, point, checkpoint_key, environment_steps)

    def finish_training(
        self, training_id: str, result: TrainingResult, policy_key: str, environment_steps: int
    ) -> None:
        """Stores a result; `environment_steps` are what its confirmation cost. Raises `NotFound`, `StateConflict`."""
        with self._change() as change:
            trainings.finish(change, training_id, result, policy_key, environment_steps)

    def fail_training(self, training_id: str, reason: str) -> bool:
        """Notes that the reward of a training was at fault, which fails the other open trainings of its candidate too.

        True if there were such others. Raises `NotFound`, `StateConflict`.
        """
        with self._change() as change:
            return trainings.fail(change, training_id, reason)

    def begin_anew(self, training_id: str) -> None:
        """Forgets the segments of a training whose checkpoint is gone. Raises `NotFound`, and `StateConflict` if it has ended."""
        with self._change() as change:
            trainings.begin_anew(change, training_id)

    def checkpoint_key(self, training_id: str) -> str | None:
        """Where the newest checkpoint of a training lies, None before its first segment."""
        with self._database.reading() as session:
            query = select(TrainingRow.checkpoint_key).where(TrainingRow.id == training_id)
            return session.exec(query).one_or_none()

    def set_comparison(self, comparison: Comparison) -> None:
        """Stores how the winner did beside the human and the sparse reward."""
        with self._change() as change:
            if change.run.comparison != comparison:
                change.run.comparison = comparison
                figures = ", ".join(f"{one.reward} {one.interval.mean:.4g}" for one in comparison.rewards)
                change.event(EventKind.COMPARISON, f"final comparison: {figures}", candidate_id=comparison.winner_id)

    def log(self, text: str) -> None:
        """Says something to whoever watches the run."""
        with self._change() as change:
            change.event(EventKind.LOG, text)

    @contextmanager
    def _change(self, *, after_leaving: bool = False) -> Iterator[Change]:
        with self._database.writing() as session:
            yield Change(session, held(session, self.claim, after_leaving=after_leaving))
