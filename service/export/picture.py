"""The picture of a run: what each candidate learned, and the winner beside human and sparse reward."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING

from service.export.text import plain
from service.schema import Comparison, RunRecord, Training

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's colours, which stay apart for colour-blind readers.
REWARDS = {
    "candidate": ("winner", "#0072B2"),
    "human": ("human reward", "#D55E00"),
    "sparse": ("sparse reward", "#7F7F7F"),
}
LABEL = 10
DOT = "o"


def picture(record: RunRecord) -> bytes:
    """A PNG, 1500 x 675 pixels: on the left the search, on the right the final comparison where there was one.

    Fitness is the mean score of the evaluation episodes at the end of each segment.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    search = [training for training in record.trainings if not training.comparison and training.curve]
    compared = [training for training in record.trainings if training.comparison and training.curve]
    figure = Figure(figsize=(10, 4.5), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, sharey=True)
    unit = record.run.fitness.unit
    _draw_search(left, search, record.run.best_candidate_id)
    _draw_comparison(right, compared)
    _draw_stored(right, record.run.comparison)
    left.set_ylabel(plain(f"fitness ({unit})" if unit else "fitness"), fontsize=LABEL, parse_math=False)
    for axes, empty in ((left, not search), (right, not compared)):
        _dress(axes, empty=empty)
    buffer = BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": "Rewardsmith"})
    return buffer.getvalue()


def _dress(axes: Axes, *, empty: bool) -> None:
    axes.set_xlim(left=0)
    axes.set_xlabel("environment steps", fontsize=LABEL)
    axes.grid(axis="y", color="#E3E3E3", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(labelleft=True, labelsize=LABEL - 1)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value / 1000:g}k" if value else "0")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    if empty:
        axes.text(0.5, 0.5, "nothing trained", transform=axes.transAxes, ha="center", color="#7F7F7F")
    else:
        axes.legend(frameon=False, fontsize=LABEL - 1, loc="best")


def _iteration(training: Training) -> int:
    """Which iteration a search training belongs to: its candidate's id ends with iteration and slot."""
    return int((training.candidate_id or "-0-0").rsplit("-", 2)[1])


def _points(training: Training) -> tuple[list[int], list[float]]:
    return [point.steps for point in training.curve], [point.fitness for point in training.curve]


def _draw_search(axes: Axes, trainings: Sequence[Training], winner: str | None) -> None:
    axes.set_title("Candidates, by iteration", fontsize=LABEL + 1, loc="left")
    others = sorted((t for t in trainings if t.candidate_id != winner), key=lambda training: training.id)
    iterations = sorted({_iteration(training) for training in others})
    for place, iteration in enumerate(iterations):
        shade = str(0.80 - 0.55 * place / max(len(iterations) - 1, 1))
        for number, training in enumerate(t for t in others if _iteration(t) == iteration):
            label = f"iteration {iteration}" if number == 0 else None
            axes.plot(*_points(training), color=shade, linewidth=1.4, label=label, marker=DOT, markersize=4)
    for training in trainings:
        if training.candidate_id == winner:
            label = f"winner (iteration {_iteration(training)})"
            axes.plot(
                *_points(training), color=REWARDS["candidate"][1], linewidth=2.6, label=label, marker=DOT, markersize=4
            )


def _draw_stored(axes: Axes, comparison: Comparison | None) -> None:
    """Rewards that were not trained for this run as the levels that they end at."""
    for compared in comparison.rewards if comparison else ():
        if compared.stored:
            label, colour = REWARDS[compared.reward]
            level = compared.interval.mean
            axes.axhline(level, color=colour, linewidth=2.0, linestyle="--", label=f"{label} (stored baseline)")


def _draw_comparison(axes: Axes, trainings: Sequence[Training]) -> None:
    import numpy as np

    axes.set_title("The winner beside human and sparse reward", fontsize=LABEL + 1, loc="left")
    for kind, (label, colour) in REWARDS.items():
        of_kind = [training for training in trainings if training.reward == kind]
        for training in of_kind:
            axes.plot(*_points(training), color=colour, linewidth=0.8, alpha=0.35)
        shortest = min((len(training.curve) for training in of_kind), default=0)
        if shortest:
            median = np.median([_points(training)[1][:shortest] for training in of_kind], axis=0)
            steps = _points(of_kind[0])[0][:shortest]
            seeds = f"{len(of_kind)} seed{'s' if len(of_kind) > 1 else ''}"
            axes.plot(
                steps,
                median,
                color=colour,
                linewidth=2.6,
                label=f"{label} (median of {seeds})",
                marker=DOT,
                markersize=4,
            )
