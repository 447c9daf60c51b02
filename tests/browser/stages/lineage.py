"""A run's candidates: three iterations at `/`, none at `/none`, eighty of ten iterations at `/eighty`."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI
from nicegui import ui

from service.dashboard.components.lineage import LineageView
from service.dashboard.frame import frame
from service.dashboard.site import run_address
from service.schema import CandidateState, Lineage, Node

RUN = "r-0123456789"
HOSTILE = "<img src=x onerror='window.struck=true'>{{constructor.constructor('window.struck=true')()}}"


def node(iteration: int, slot: int, state: str, fitness: float | None, origin: str, *parents: str) -> Node:
    """A candidate named as the store names them."""
    known = None if fitness is None else 0.25
    return Node(
        id=identity(iteration, slot), iteration=iteration, slot=slot, state=CandidateState(state), origin=origin,
        parents=tuple(identity(*map(int, parent.split("-"))) for parent in parents), fitness=fitness, success_rate=known,
    )  # fmt: skip


def identity(iteration: int, slot: int) -> str:
    """A candidate's id."""
    return f"{RUN}-{iteration}-{slot}"


THREE = (
    node(1, 0, "trained", 2.0, "proposed"),
    node(1, 1, "rejected", None, "repaired"),
    node(1, 2, "trained", 5.0, "proposed"),
    node(2, 0, "trained", 12.34, "mutated", "1-2"),
    node(2, 1, "trained", 1.5, "crossed", "1-0", "1-2"),
    node(2, 2, "training", None, HOSTILE, "1-2"),
    node(2, 3, "screened_out", None, "mutated", "1-0"),
    node(3, 0, "queued", None, "mutated", "2-0"),
)
PATH = (identity(1, 2), identity(2, 0))


def eighty() -> tuple[Node, ...]:
    """Ten iterations of eight, each from two of the one before."""
    states = ("trained", "trained", "trained", "pruned", "rejected", "trained", "screened_out", "failed")

    def made(iteration: int, slot: int) -> Node:
        state = states[(slot + iteration) % 8]
        fitness = 1.0 + iteration * 1.2345678901234 + slot / 7 if state in ("trained", "pruned") else None
        parents = () if iteration == 1 else (f"{iteration - 1}-{(slot * 3) % 8}", f"{iteration - 1}-{(slot + 1) % 8}")
        return node(iteration, slot, state, fitness, "proposed" if iteration == 1 else "crossed over", *parents)

    return tuple(made(iteration, slot) for iteration in range(1, 11) for slot in range(8))


def install(_: FastAPI) -> None:
    """Adds the pages."""

    @ui.page("/")
    def three() -> None:
        with frame("Stage", {}):
            view = _view(THREE, PATH)
            ui.button("Nothing changes", on_click=lambda: view.change(_lineage(THREE, PATH)))
            ended = node(2, 2, "trained", 14.0, "mutated", "1-2")
            others = tuple(one for one in THREE if one.id != ended.id)
            better = (identity(1, 2), identity(2, 2))
            ui.button("One changes", on_click=lambda: view.change(_lineage((*others, ended), better)))
            new = node(4, 0, "proposed", None, "mutated")
            ui.button("One comes", on_click=lambda: view.change(_lineage((*THREE, new), PATH)))

    @ui.page("/none")
    def none() -> None:
        with frame("Stage", {}):
            _view((), ())

    @ui.page("/eighty")
    def many() -> None:
        with frame("Stage", {}):
            _view(eighty(), tuple(identity(iteration, 0) for iteration in range(1, 11)))


def _lineage(nodes: Sequence[Node], path: tuple[str, ...]) -> Lineage:
    return Lineage(candidates=tuple(nodes), best_path=path)


def _view(nodes: Sequence[Node], path: tuple[str, ...]) -> LineageView:
    compared = ui.label().props("id=compared")
    view = LineageView(
        _lineage(nodes, path),
        address=lambda candidate: run_address(RUN, candidate),
        best=path[-1] if path else None,
        unit="m/s",
    )

    def compare(ids: tuple[str, ...]) -> None:
        compared.text = f"{compared.text}{' '.join(ids)}; "

    return view.on_compare(compare)
