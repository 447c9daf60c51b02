"""Curves: at `/` one that grows at a button and one that is empty, at `/strange` hostile words, at `/many` eight long lines."""

from __future__ import annotations

import math

from fastapi import FastAPI
from nicegui import ui

from service.dashboard.components.curve import Curve, Level, Line
from service.dashboard.frame import frame

HOSTILE = "<img src=x onerror='window.struck=true'>{{constructor.constructor('window.struck=true')()}}"
FORMULA = '=HYPERLINK("http://evil")'
BEYOND = ((1000.0, 9.0), (2000.0, 4.5))
"""The first of these is not beyond the last point of the line that they are appended to."""
COUNT = 1000
NAMES = (
    "progress",
    "upright",
    "effort",
    "alive",
    "a rather long name of a reward component",
    "contact",
    "height",
    "balance",
)


def install(_: FastAPI) -> None:
    """Adds the pages."""

    @ui.page("/")
    def live() -> None:
        with frame("Stage", {}):
            _live()
            with ui.element("div").classes("rs-card"):
                Curve(label="Nothing yet", x="steps", y="fitness")

    @ui.page("/strange")
    def strange() -> None:
        points = ((0.0, -1.5), (0.1, math.nan), (2.0, 0.30000000000000004))
        line = Line("</script><script>window.struck=true</script>", FORMULA, points)
        with frame("Stage", {}), ui.element("div").classes("rs-card"):
            Curve(label=HOSTILE, x="=steps", y=HOSTILE, lines=[line, Line("plain", HOSTILE, ((1.0, -2.0),))])

    @ui.page("/many")
    def many() -> None:
        with frame("Stage", {}), ui.element("div").classes("rs-card"):
            Curve(label="Eight of a thousand", x="environment steps", y="fitness", lines=_many())


def _live() -> None:
    lines = (
        Line("a", "first", ((0.0, 1.0), (1000.0, 2.0)), band=((0.0, 0.5, 1.5), (1000.0, 1.5, 2.5))),
        Line("b", "second", ((0.0, 0.5), (1000.0, 1.25)), dashed=True),
    )
    with ui.element("div").classes("rs-card"):
        curve = Curve(
            label="Fitness of the best",
            x="steps",
            y="fitness (m/s)",
            lines=lines,
            levels=[Level("human", 3.0, 2.5, 3.5)],
        )
    ui.button("Append", on_click=lambda: curve.append({"a": BEYOND}))
    ui.button("Append in half a second", on_click=lambda: ui.timer(0.5, lambda: curve.append({"a": BEYOND}), once=True))
    ui.button("Append to second", on_click=lambda: curve.append({"b": [(3000.0, 7.0)]}))
    ui.button("Send once more", on_click=lambda: curve.run_method("append", 0, [("a", [(900.0, 99.0), *BEYOND])]))
    ui.button("Send all", on_click=curve.update)
    ui.button("Show another", on_click=lambda: curve.show([Line("a", "another", ((5.0, 6.0),))]))


def _many() -> list[Line]:
    def value(number: int, step: int) -> float:
        return (1 - math.exp(-step / (100 + 60 * number))) * (10 - number) + math.sin(step * (number + 1) / 9) / 3

    return [
        Line(name, name, tuple((5000.0 * step, value(number, step)) for step in range(COUNT)))
        for number, name in enumerate(NAMES)
    ]
