"""Where candidates come from: iterations as columns, or as a tree from parents to children."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Self

from nicegui import ui
from nicegui.element import Element
from nicegui.events import GenericEventArguments

from service.dashboard.components.downloads import hand_out
from service.dashboard.tables import Column
from service.dashboard.wording import figure, percent
from service.schema import Lineage, Node

ui.add_css(Path(__file__).with_suffix(".css"), shared=True)

FEWEST, MOST = 2, 4
"""So many candidates are compared at once."""
LINEAGE_KEYS = (
    ("j, k", "the next candidate, the one before"),
    ("← ↑ → ↓", "the candidate beside it"),
    ("c", "mark it for comparison"),
    ("Enter", "open it"),
)
CANDIDATES: tuple[Column[Node], ...] = (
    Column("Candidate", lambda node: node.id),
    Column("Iteration", lambda node: node.iteration),
    Column("Slot", lambda node: node.slot),
    Column("State", lambda node: node.state),
    Column("Origin", lambda node: node.origin),
    Column("Parents", lambda node: " ".join(node.parents)),
    Column("Fitness", lambda node: node.fitness),
    Column("Success rate", lambda node: node.success_rate),
)
VIEWS, ORDERS = ("columns", "tree"), ("slot", "fitness")
PROBE = "x"
Row = tuple[
    str,  # its id
    int,  # iteration
    int,  # slot
    str,  # state
    float | None,  # fitness, to sort by
    str,  # fitness, to read
    str,  # success rate, empty if unknown
    str,  # origin
    tuple[str, ...],  # ids of its parents
    int | None,  # whether its fitness is above (1), at (0) or below (-1) its first parent's
    str,  # by how much
    str | None,  # its address where that is not the common beginning and its id
]
"""One candidate as the browser gets it, in the order in which lineage.js reads it: names would be half of all bytes."""


class LineageView(Element, component="lineage.js", dependencies=["downloads.js"]):
    """All candidates of a run, each a link to `address(id)`, and files of them; `unit` is that of fitness.

    `view` and `order` are how it opens, each the first of `VIEWS` and `ORDERS` where it is none of them.
    """

    def __init__(
        self,
        lineage: Lineage,
        *,
        address: Callable[[str], str],
        best: str | None,
        unit: str | None,
        view: str = VIEWS[0],
        order: str = ORDERS[0],
    ) -> None:
        super().__init__()
        self._props["arranged"] = view if view in VIEWS else VIEWS[0], order if order in ORDERS else ORDERS[0]
        self._address = address
        probe = address(PROBE)
        self._base = probe.removesuffix(PROBE) if probe.endswith(PROBE) else ""
        self._rows: dict[str, Row] = {}
        self._take(lineage)
        self._props["base"], self._props["unit"] = self._base, unit
        self._remember(lineage.best_path, best)
        hand_out(self, "Candidates", CANDIDATES, self._all)

    def change(self, lineage: Lineage) -> None:
        """Shows it as it is now; the browser is sent the candidates that are new or have changed."""
        changed = self._take(lineage)
        path = lineage.best_path
        best = path[-1] if path else None
        if not changed and (path, best) == (self._props["path"], self._props["best"]):
            return
        with self._props.suspend_updates():
            self._remember(path, best)
        self.run_method("change", changed, path, best)

    def on_compare(self, handler: Callable[[tuple[str, ...]], Awaitable[None] | None]) -> Self:
        """Calls the handler with the ids of the two to four candidates that somebody wants to compare."""

        def asked(event: GenericEventArguments) -> Awaitable[None] | None:
            ids = event.args  # from a browser, which may send anything
            known = isinstance(ids, list) and all(isinstance(one, str) and one in self._rows for one in ids)
            return handler(tuple(ids)) if known and FEWEST <= len(set(ids)) == len(ids) <= MOST else None

        return self.on("compare", asked)

    def on_arrange(self, handler: Callable[[str, str], None]) -> Self:
        """Calls the handler with the view and the order that somebody chose."""

        def arranged(event: GenericEventArguments) -> None:
            chosen = event.args  # from a browser, which may send anything
            if chosen not in [[view, order] for view in VIEWS for order in ORDERS]:
                return
            with self._props.suspend_updates():
                self._props["arranged"] = tuple(chosen)
            handler(*chosen)

        return self.on("arrange", arranged)

    async def _all(self) -> tuple[Node, ...]:
        return self._lineage.candidates

    def _take(self, lineage: Lineage) -> tuple[Row, ...]:
        """The rows that are no longer as they were sent; a parent's new fitness changes its children's too."""
        self._lineage = lineage
        nodes = {node.id: node for node in lineage.candidates}
        rows = {node.id: self._row(node, nodes) for node in lineage.candidates}
        changed = tuple(row for key, row in rows.items() if row != self._rows.get(key))
        self._rows = rows
        return changed

    def _remember(self, path: tuple[str, ...], best: str | None) -> None:
        # Tuples, since NiceGUI watches every list within its properties for changes.
        self._props["cards"], self._props["path"], self._props["best"] = tuple(self._rows.values()), path, best

    def _row(self, node: Node, nodes: Mapping[str, Node]) -> Row:
        parent = nodes.get(node.parents[0]) if node.parents else None
        change = None
        if parent is not None and node.fitness is not None and parent.fitness is not None:
            change = node.fitness - parent.fitness
        address = self._address(node.id)
        return (
            node.id,
            node.iteration,
            node.slot,
            node.state.value,
            node.fitness,
            figure(node.fitness),
            "" if node.success_rate is None else percent(node.success_rate),
            node.origin,
            node.parents,
            None if change is None else (change > 0) - (change < 0),
            "" if change is None else figure(abs(change)),
            None if address == self._base + node.id else address,
        )
