"""Lines over a common axis that grow while one looks: fitness over steps, over USD, a term's share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path

import nicegui.elements.echart  # noqa: F401  what curve.js draws with is known to pages once this is imported
from nicegui import ui
from nicegui.element import Element

ui.add_css(Path(__file__).with_suffix(".css"), shared=True)

CURVE_KEYS = (("← →", "in a curve: read its points"), ("+, -, 0", "in a curve: zoom in, out, all of it"))
Point = tuple[float, float]
Edges = tuple[float, float, float]


@dataclass(frozen=True)
class Line:
    """Points (x, y) with x rising, where a y that is not finite is a gap; `key` tells it from others; `band`: (x, low, high)."""

    key: str
    name: str
    points: tuple[Point, ...]
    dashed: bool = False
    band: tuple[Edges, ...] = ()


@dataclass(frozen=True)
class Level:
    """A horizontal line with an interval about it where that is known, such as a baseline."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None


class Curve(Element, component="curve.js", dependencies=["curve_text.js"]):
    """Draws lines; the browser is sent what is new alone, and has what was appended: the server keeps the last x of each line.

    `label` names it to those who do not see it and in the names of files; `x` and `y` name its axes, with their units.
    """

    def __init__(self, *, label: str, x: str, y: str, lines: Sequence[Line] = (), levels: Sequence[Level] = ()) -> None:
        super().__init__()
        self._shown: tuple[tuple[Line, ...], tuple[Level, ...]] | None = None
        self._props["label"], self._props["x"], self._props["y"] = label, x, y
        self._props["revision"] = 0
        self._take(lines, levels)

    def append(self, points: Mapping[str, Sequence[Point]]) -> None:
        """Lengthens lines, by their keys, by the points whose x is above their last. Raises KeyError where a line is not shown."""
        fresh = [(key, new) for key, told in points.items() if (new := _rising(told, after=self._last[key]))]
        if not fresh:
            return
        self._last |= {key: new[-1][0] for key, new in fresh}
        self._shown = None
        self.run_method("append", self._props["revision"], fresh)

    def grow(self, lines: Sequence[Line]) -> None:
        """Lengthens the lines that are shown by what is new of them; where there are others now, shows these instead."""
        if {line.key for line in lines} != self._last.keys():
            self.show(lines, self._levels)
            return
        self.append({line.key: line.points for line in lines})

    def show(self, lines: Sequence[Line], levels: Sequence[Level] = ()) -> None:
        """Shows these instead of all that was shown before. Raises ValueError where two lines have one key."""
        if (tuple(lines), tuple(levels)) == self._shown:
            return
        with self._props.suspend_updates():
            self._take(lines, levels)
            self._props["revision"] += 1  # points on their way to a line of before belong to none of these
        self.update()

    def _take(self, lines: Sequence[Line], levels: Sequence[Level]) -> None:
        keys = [line.key for line in lines]
        if len(set(keys)) < len(keys):
            raise ValueError(f"a curve tells its lines apart by their keys, and two have the same: {sorted(keys)}")
        self._shown = tuple(lines), tuple(levels)
        self._levels = tuple(levels)
        rising = [replace(line, points=_rising(line.points)) for line in lines]
        self._last = {line.key: line.points[-1][0] if line.points else -inf for line in rising}
        # Tuples, since NiceGUI watches every list within its properties for changes.
        self._props["lines"] = tuple(vars(line) for line in rising)
        self._props["levels"] = tuple(vars(level) for level in levels)


def _rising(points: Sequence[Point], after: float = -inf) -> tuple[Point, ...]:
    """Those of the points that each lie beyond all before them, as the browser keeps them too."""
    kept = []
    for x, y in points:
        if x > after:
            kept.append((x, y))
            after = x
    return tuple(kept)
