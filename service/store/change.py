"""One change of one run: a transaction that holds the run's row lock and gives out the numbers of its events."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session

from service.schema import EventKind, RunState
from service.store.columns import now
from service.store.tables import EventRow, FaultRow, IterationRow, RunRow

TEXT_LIMIT = 500


@dataclass(frozen=True)
class Change:
    """The open transaction, the locked run and the time at which all of the change happens."""

    session: Session
    run: RunRow
    at: datetime = field(default_factory=now)

    def event(
        self,
        kind: EventKind,
        text: str,
        *,
        iteration: int | None = None,
        candidate_id: str | None = None,
        training_id: str | None = None,
        state: str | None = None,
        fitness: float | None = None,
        steps_per_second: float | None = None,
        steps: int | None = None,
    ) -> None:
        """Appends an event with the run's next number; `text` is made one printable line."""
        self.run.last_event += 1
        self.run.updated_at = self.at
        self.session.add(
            EventRow(
                run_id=self.run.id,
                number=self.run.last_event,
                kind=kind,
                at=self.at,
                text=one_line(text),
                iteration=iteration,
                candidate_id=candidate_id,
                training_id=training_id,
                state=state,
                fitness=fitness,
                steps_per_second=steps_per_second,
                steps=steps,
            )
        )

    def spend(self, iteration: int | None, *, usd: float = 0.0, environment_steps: int = 0) -> None:
        """Counts what was used, of the run and of the iteration that it was used in, if in one."""
        row = None if iteration is None else self.session.get(IterationRow, (self.run.id, iteration))
        for spender in (self.run, row):
            if spender is not None:
                spender.usd += usd
                spender.environment_steps += environment_steps

    def fault(self, kind: str) -> None:
        """Counts a reward that was at fault."""
        row = self.session.get(FaultRow, (self.run.id, kind)) or FaultRow(run_id=self.run.id, kind=kind)
        row.count += 1
        self.session.add(row)

    def move(self, state: RunState, reason: str | None) -> None:
        """Puts the run into `state`; whoever leaves `running` gives the lease up. Nothing happens if it is there already."""
        run = self.run
        if run.state == state and run.reason == reason:
            return
        run.state, run.reason = state, reason
        if state is RunState.QUEUED:
            run.queued_at = self.at
        if state is not RunState.RUNNING:
            run.owner = run.lease_expires_at = run.wanted_state = None
        self.event(EventKind.RUN_STATE, f"{state}: {reason}" if reason else str(state), state=state)


def one_line(text: str) -> str:
    """Text from outside as one line of printable characters, at most `TEXT_LIMIT` of them."""
    line = "".join(char if char.isprintable() else " " for char in " ".join(text.split()))
    return line if len(line) <= TEXT_LIMIT else line[: TEXT_LIMIT - 1] + "…"
