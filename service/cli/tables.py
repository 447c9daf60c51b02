"""Runs, environments and verdicts as a person reads them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from service.baselines.environment import Environment, EnvironmentSummary
from service.cli.terminal import clean
from service.schema import Candidate, Comparison, Interval, Iteration, Run, RunSummary, Verdict
from service.schema.tunings import in_words

REWARDS = {"candidate": "winner", "human": "human (the environment's own)", "sparse": "sparse"}


def number(value: float | None, digits: int = 3) -> str:
    """A figure for a table; a dash where there is none."""
    return "-" if value is None else f"{value:.{digits}f}"


def interval(value: Interval) -> str:
    """A mean over seeds with its 95% interval."""
    return f"{number(value.mean)}  [{number(value.low)}, {number(value.high)}]"


def print_table(console: Console, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A title and a table of cleaned text that breaks lines rather than hide any; first cells stay whole, to be copied."""
    shown = Table(box=box.SIMPLE_HEAD, show_header=any(columns))
    for place, column in enumerate(columns):
        shown.add_column(column, overflow="fold", no_wrap=place == 0)
    for row in rows:
        shown.add_row(*(Text(clean(cell)) for cell in row))
    if title:
        console.print(Text(f" {clean(title)}"))
    console.print(shown)


def short(text: str, length: int) -> str:
    """One line of at most `length` characters."""
    line = " ".join(clean(text).split())
    return line if len(line) <= length else line[: length - 1] + "…"


def print_runs(console: Console, runs: Sequence[RunSummary]) -> None:
    """The newest runs, one a line."""
    rows = [
        (r.id, r.state.value, r.environment, number(r.best_fitness), f"{r.created_at:%Y-%m-%d %H:%M}",
         short(r.task, 60))
        for r in runs
    ]  # fmt: skip
    print_table(console, "Runs", ("run", "state", "environment", "best fitness", "created", "task"), rows)


def print_run(console: Console, run: Run, iterations: Sequence[Iteration], candidates: Sequence[Candidate]) -> None:
    """One run with everything that it has found so far."""
    request = run.request
    rows = [
        ("task", request.task),
        ("environment", request.environment),
        ("fitness", f"{run.fitness.name}: {run.fitness.score}"),
        ("designer", designer_in_words(request.designer)),
        ("state", run.state.value + (f": {run.reason}" if run.reason else "")),
        ("spent", spending(run)),
    ]
    print_table(console, run.id, ("", ""), rows)
    cells = [
        (
            f"{c.iteration}-{c.slot}", c.state.value, c.origin,
            number(c.fitness) if c.fitness_interval is None else interval(c.fitness_interval), number(c.human_normalised),
            short(c.reason or "", 90),
        )
        for c in candidates
    ]  # fmt: skip
    columns = ("candidate", "state", "origin", "fitness", "human-normalised", "reason")
    print_table(console, "Candidates", columns, cells)
    print_outcome(console, run, iterations)


def designer_in_words(designer: str) -> str:
    """The designer's name, and what it must be known for."""
    if designer.startswith("offline"):
        return f"{designer} (a seeded grammar, no language model: it follows the fitness, not the sentence)"
    return designer


def spending(run: Run) -> str:
    """What a run has used, in one line."""
    spent = run.spending
    maybe = f", {spent.completions_possibly_paid} more possibly paid" if spent.completions_possibly_paid else ""
    return (
        f"{spent.usd:.4f} USD for {spent.completions} completions{maybe}; "
        f"{spent.environment_steps:,} environment steps in {spent.seconds:,.0f} s"
    )


def print_outcome(console: Console, run: Run, iterations: Sequence[Iteration]) -> None:
    """The figures that a run is judged by: its iterations, and the winner beside human and sparse reward."""
    unit = f" ({run.fitness.unit})" if run.fitness.unit else ""
    rows = [(str(i.number), number(i.best), number(i.mean), f"{i.trained} of {i.candidates}") for i in iterations]
    print_table(
        console, f"Iterations: fitness {run.fitness.name}{unit}", ("iteration", "best", "mean", "trained"), rows
    )
    if run.comparison is not None:
        _print_comparison(console, run.comparison)


def _print_comparison(console: Console, comparison: Comparison) -> None:
    seeds = max((len(compared.fitness) for compared in comparison.rewards), default=0)
    rows = [
        (
            REWARDS[c.reward] + (", from a stored baseline" if c.stored else ""),
            interval(c.interval),
            f"{c.success_rate:.0%}",
        )
        for c in comparison.rewards
    ]
    count = "1 new seed" if seeds == 1 else f"{seeds} new seeds"
    title = f"Trained from scratch on {count}, {comparison.steps:,} steps each: IQM, 95% interval"
    print_table(console, title, ("reward", "fitness", "success"), rows)
    normalised = comparison.human_normalised
    told = interval(normalised) if normalised else "left out, human and sparse cannot be told apart here"
    console.print(f" human-normalised, (winner - sparse) / |human - sparse|: {told}\n")


def print_environments(console: Console, environments: Sequence[EnvironmentSummary]) -> None:
    """Every environment, one a line."""
    rows = [(one.id, ", ".join(one.metrics), one.summary) for one in environments]
    print_table(console, f"{len(rows)} environments", ("id", "metrics", "summary"), rows)


def print_environment(console: Console, environment: Environment) -> None:
    """One card: all that a reward may name, what policies can be judged by, how they are trained, and how its own reward does."""
    one = environment
    about = [
        ("summary", one.summary),
        ("time", f"{one.dt:g} s per step, at most {one.max_steps:,} steps"),
        ("ending", one.ending.about),
        ("budget", f"{one.steps:,} steps per training"),
        ("hyperparameters", in_words(one.ppo)),
        ("sparse reward", one.sparse_reward),
    ]
    print_table(console, one.id, ("", ""), about)
    variables = [(v.name, str(v.size or 1), str(v.unit), v.about) for v in one.variables]
    variables.append(("action", str(one.action.size), one.action.unit, one.action.about))
    columns = ("variable", "size", "unit", "about")
    print_table(console, "Variables, each also as prev_NAME; time and terminated", columns, variables)
    metrics = [(m.name, str(m.unit), m.about, m.score, m.success) for m in one.metrics]
    print_table(console, "Metrics", ("metric", "unit", "about", "score", "success"), metrics)
    baselines = [
        (
            f"{b.fitness or 'its own'}, {b.steps:,} steps, {b.seeds} seeds",
            f"{interval(b.human)}, {b.human_success_rate:.0%}",
            f"{interval(b.sparse)}, {b.sparse_success_rate:.0%}",
        )
        for b in one.baselines
    ]
    if baselines:
        title = "Stored baselines: IQM over seeds, 95% interval, success"
        print_table(console, title, ("baseline", "human", "sparse"), baselines)
    else:
        console.print(f" No baseline is stored; rewardsmith baseline --env {clean(one.id)} makes one.\n")


def print_verdict(console: Console, verdict: Verdict, file: str) -> None:
    """The critic's verdict: each fault at its place in the file, notes, and the components over recorded transitions."""
    console.print("accepted" if verdict.accepted else "rejected")
    for fault in verdict.faults:
        place = "".join(f":{part}" for part in (fault.line, fault.column) if part is not None)
        console.print(clean(f"{file}{place}: {fault.message} [{fault.code}]"))
    for note in verdict.notes:
        console.print(clean(f"note: {note}"))
    if verdict.components:
        figures = verdict.components if verdict.total is None else {**verdict.components, "(total)": verdict.total}
        rows = [
            (
                name, number(c.mean), number(c.std), number(c.low), number(c.high), f"{c.share:.0%}",
                "-" if c.saturated is None else f"{c.saturated:.0%}",
            )
            for name, c in figures.items()
        ]  # fmt: skip
        columns = ("component", "mean", "std", "low", "high", "share", "at an end")
        count = "" if verdict.transitions is None else f"{verdict.transitions} "
        print_table(console, f"Components per step, over {count}recorded transitions", columns, rows)
        for name, c in figures.items():
            if c.inputs:
                console.print(clean(f"{name} moves with {', '.join(c.inputs)}"))
    if verdict.seconds_per_transition is not None:
        console.print(f"{verdict.seconds_per_transition * 1e6:.2g} µs per transition")
