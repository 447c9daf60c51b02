"""Draws the curves of the learning benchmark side by side.

    python -m benchmarks.learning_curves docs/learning-curves.png

One panel for each environment: mean return over seeds, and the range from the worst to the best seed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.learning import ENVIRONMENTS, Curve, Side, stored

# Okabe and Ito's colours, which stay apart for colour-blind readers.
SIDES: Final[dict[Side, tuple[str, str]]] = {
    "stable-baselines3": ("Stable-Baselines3", "#7F7F7F"),
    "same hyperparameters": ("ours, same hyperparameters", "#0072B2"),
    "as shipped": ("ours, as shipped", "#D55E00"),
}
LABEL: Final = 9


def draw(curves: Sequence[Curve], path: Path) -> None:
    """Writes a PNG of 1500 x 1050 pixels."""
    figure = Figure(figsize=(10, 7), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    for axes, environment in zip(figure.subplots(2, 2).flat, ENVIRONMENTS, strict=True):
        panel(axes, environment, [curve for curve in curves if curve.environment == environment])
    figure.savefig(path, metadata={"Software": "Rewardsmith"})


def panel(axes: Axes, environment: str, curves: Sequence[Curve]) -> None:
    """One environment; a side without curves is left out."""
    for side, (name, colour) in SIDES.items():
        own = [curve for curve in curves if curve.side == side]
        if not own:
            continue
        seeds = "1 seed" if len(own) == 1 else f"{len(own)} seeds"
        means = np.array([curve.means for curve in own])
        axes.plot(own[0].steps, means.mean(axis=0), color=colour, marker="o", ms=3, label=f"{name}, {seeds}")
        axes.fill_between(own[0].steps, means.min(axis=0), means.max(axis=0), color=colour, alpha=0.15, linewidth=0)
    axes.set_title(environment, fontsize=LABEL + 1, loc="left")
    axes.set_xlabel("environment steps", fontsize=LABEL)
    axes.set_ylabel("return of 10 deterministic episodes", fontsize=LABEL)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value / 1000:g}k" if value else "0")
    axes.grid(axis="y", color="#E3E3E3", linewidth=0.8)
    axes.tick_params(labelsize=LABEL - 1)
    for spine in ("top", "right"):
        axes.spines[spine].set_visible(False)
    if curves:
        axes.legend(frameon=False, fontsize=LABEL - 1, loc="best")


if __name__ == "__main__":
    draw(stored(), Path(sys.argv[1]))
