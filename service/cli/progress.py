"""What is going on in a run, put together from its events, and the two ways to show it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from service.cli.terminal import clean
from service.schema import Event, EventKind, IterationState, Run

if TYPE_CHECKING:
    from rich.console import Console, Group

SECONDS_BETWEEN_CURVE_LINES = 5.0
LONGEST_LINE = 200
SMALL_STEPS = frozenset({"intended", "queued", "running"})


@dataclass
class Row:
    """One candidate or, in the final comparison, one reward on one seed."""

    state: str = "proposed"
    steps: int | None = None
    fitness: float | None = None


@dataclass
class Progress:
    """A run's state so far; `rows` are of the iteration under way, or of the final comparison."""

    run: Run
    iteration: int = 0
    steps_per_second: float | None = None
    rows: dict[str, Row] = field(default_factory=dict)
    comparing: bool = False
    last: str = ""

    def apply(self, event: Event) -> None:
        """Takes one event in."""
        self.last = _event_line(event) if event.kind is not EventKind.CURVE_POINT else self.last
        self._turn_to(event)
        name = event.training_id if self.comparing else event.candidate_id
        if name is None:
            return
        row = self.rows.setdefault(name.removeprefix(f"{self.run.id}-"), Row())
        row.state = event.state or row.state
        row.steps = event.steps if event.steps is not None else row.steps
        row.fitness = event.fitness if event.fitness is not None else row.fitness
        if event.steps_per_second is not None:
            self.steps_per_second = event.steps_per_second

    def _turn_to(self, event: Event) -> None:
        final = event.training_id is not None and event.training_id.startswith(f"{self.run.id}-final-")
        if final and not self.comparing:
            self.comparing, self.rows = True, {}
        elif event.iteration is not None and event.iteration > self.iteration and not self.comparing:
            self.iteration, self.rows = event.iteration, {}

    def headline(self) -> str:
        """One line: where the run stands, how fast it goes, what it has found and paid."""
        stage = (
            "final comparison" if self.comparing else f"iteration {self.iteration}/{self.run.request.search.iterations}"
        )
        speed = "" if self.steps_per_second is None else f"   {self.steps_per_second:,.0f} steps/s"
        best = "-" if self.run.best_fitness is None else f"{self.run.best_fitness:.4g}"
        return f"{self.run.id}   {stage}{speed}   best fitness {best} {self.run.fitness.unit}   {self.run.spending.usd:.4f} USD"


class View(Protocol):
    """Shows a run while it is worked on."""

    def __enter__(self) -> View:
        """Begins to show."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Ends."""

    def recall(self, events: list[Event]) -> None:
        """Takes what had happened before this process took the run up."""

    def show(self, run: Run, events: list[Event]) -> None:
        """Takes the run as it stands and what happened since the last call."""


class LineView:
    """One line for each event; of the many points of curves only one every few seconds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last_point = float("-inf")

    def __enter__(self) -> LineView:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        pass

    def recall(self, events: list[Event]) -> None:
        """Says only where the run stood."""
        if len(events) > 1:
            self._console.print(f"taken up after: {_event_line(events[-1])}")

    def show(self, run: Run, events: list[Event]) -> None:
        """Prints what happened, and how the run stands where an iteration ended."""
        for event in events:
            if event.kind is not EventKind.RUN_STATE and event.state in SMALL_STEPS:
                continue
            if event.kind is EventKind.CURVE_POINT:
                if time.monotonic() - self._last_point < SECONDS_BETWEEN_CURVE_LINES:
                    continue
                self._last_point = time.monotonic()
            self._console.print(f"{event.at:%H:%M:%S}  {_event_line(event)}")
            ended = event.kind is EventKind.ITERATION_STATE and event.state == IterationState.DONE
            if ended and run.best_fitness is not None:
                figures = f"best fitness {run.best_fitness:.4g} {run.fitness.unit}, {run.spending.usd:.4f} USD"
                self._console.print(f"          {_one_line(figures)}")


class LiveView:
    """A table that is drawn over itself."""

    def __init__(self, console: Console, run: Run) -> None:
        from rich.live import Live

        self._progress = Progress(run)
        self._live = Live(self._drawn(), console=console, refresh_per_second=4)

    def __enter__(self) -> LiveView:
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._live.stop()

    def recall(self, events: list[Event]) -> None:
        """Draws the run as it stood."""
        self.show(self._progress.run, events)

    def show(self, run: Run, events: list[Event]) -> None:
        """Draws the run as it stands."""
        self._progress.run = run
        for event in events:
            self._progress.apply(event)
        self._live.update(self._drawn())

    def _drawn(self) -> Group:
        from rich import box
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        progress = self._progress
        table = Table(box=box.SIMPLE_HEAD)
        table.add_column("training" if progress.comparing else "candidate")
        table.add_column("state")
        table.add_column("steps", justify="right")
        table.add_column("fitness", justify="right")
        for name, row in progress.rows.items():
            steps = "" if row.steps is None else f"{row.steps:,}"
            table.add_row(clean(name), clean(row.state), steps, "" if row.fitness is None else f"{row.fitness:.4g}")
        return Group(Text(_one_line(progress.headline())), table, Text(progress.last))


def _event_line(event: Event) -> str:
    """An event's text on one line, its run's id left out; findings in full are in the report."""
    line = _one_line(event.text).replace(f"{event.run_id}-", "")
    return line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1] + "…"


def _one_line(text: str) -> str:
    return " ".join(clean(text).split())
