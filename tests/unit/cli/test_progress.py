from __future__ import annotations

import io
from datetime import UTC, datetime

from rich.console import Console

from service.cli.progress import LineView, LiveView, Progress
from service.schema import Event, EventKind, Fitness, Run, RunRequest, RunState, Spending

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
RUN = Run(
    id="r-1", request=RunRequest(task="hop", environment="Hopper-v5"), steps=100, state=RunState.RUNNING, reason=None, iteration=1,
    fitness=Fitness(name="speed", score="1", success="1", unit="m/s"), best_fitness=0.5, best_candidate_id=None, comparison=None,
    spending=Spending(usd=0.25), created_at=NOW, updated_at=NOW,
)  # fmt: skip


def event(number: int, kind: EventKind, text: str = "", **more: object) -> Event:
    return Event(run_id="r-1", number=number, kind=kind, at=NOW, text=text, **more)


def point(number: int, fitness: float) -> Event:
    return event(
        number, EventKind.CURVE_POINT, "a point", iteration=1, candidate_id="r-1-1-0", training_id="r-1-1-0-s0", steps=50,
        fitness=fitness, steps_per_second=9000.0,
    )  # fmt: skip


def test_progress_follows_candidates_through_an_iteration() -> None:
    progress = Progress(RUN)
    progress.apply(event(1, EventKind.ITERATION_STATE, iteration=1, state="training"))
    progress.apply(event(2, EventKind.CANDIDATE_STATE, iteration=1, candidate_id="r-1-1-0", state="training"))
    progress.apply(point(3, 0.75))
    assert {name: (row.state, row.steps, row.fitness) for name, row in progress.rows.items()} == {
        "1-0": ("training", 50, 0.75)
    }
    assert progress.headline() == "r-1   iteration 1/3   9,000 steps/s   best fitness 0.5 m/s   0.2500 USD"


def test_a_new_iteration_and_the_comparison_begin_with_an_empty_table() -> None:
    progress = Progress(RUN)
    progress.apply(point(1, 0.75))
    progress.apply(event(2, EventKind.CANDIDATE_STATE, iteration=2, candidate_id="r-1-2-0", state="queued"))
    assert list(progress.rows) == ["2-0"]
    progress.apply(event(3, EventKind.TRAINING_STATE, training_id="r-1-final-human-0", state="running"))
    progress.apply(event(4, EventKind.CANDIDATE_STATE, iteration=2, candidate_id="r-1-2-0", state="trained"))
    assert list(progress.rows) == ["final-human-0"]
    assert "final comparison" in progress.headline()


def test_lines_tell_what_matters_once_and_without_escapes() -> None:
    out = io.StringIO()
    view = LineView(Console(file=out, width=200, markup=False))
    events = [
        event(1, EventKind.CANDIDATE_STATE, "r-1-1-0 queued", state="queued"),
        event(2, EventKind.LOG, "r-1-1-0 said \x1b[31m[bold]hi[/bold]\nand more"),
        point(3, 0.1),
        point(4, 0.2),
        event(5, EventKind.ITERATION_STATE, "iteration 1: done", iteration=1, state="done"),
    ]
    with view:
        view.show(RUN, events)
    assert out.getvalue().splitlines() == [
        "03:04:05  1-0 said [bold]hi[/bold] and more",
        "03:04:05  a point",
        "03:04:05  iteration 1: done",
        "          best fitness 0.5 m/s, 0.2500 USD",
    ]


def test_a_run_taken_up_again_does_not_tell_its_past_anew() -> None:
    out = io.StringIO()
    LineView(Console(file=out)).recall([event(1, EventKind.LOG, "first"), event(2, EventKind.LOG, "last")])
    assert out.getvalue() == "taken up after: last\n"


def test_the_live_table_shows_hostile_text_as_it_is() -> None:
    out = io.StringIO()
    view = LiveView(Console(file=out, width=120, force_terminal=True, color_system=None), RUN)
    with view:
        view.show(RUN, [point(1, 0.75), event(2, EventKind.LOG, "\x1b]0;owned\x07[red]x[/red]")])
    assert "[red]x[/red]" in out.getvalue()
    assert "\x1b]0;" not in out.getvalue()
    assert "owned" not in out.getvalue()
