"""All runs: filtered, searched, in an order, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from service.dashboard.frame import heading
from service.dashboard.notice import Notice
from service.dashboard.site import Site, Visit, address, run_address
from service.dashboard.wording import ago, figure, spark, usd, whole
from service.schema import RunState, RunSummary

PAGE = "25"
EVERY_SECONDS = 5.0
ANY = "any"
ORDERS = {"newest": "newest first", "updated": "last changed first", "fittest": "fittest first"}
COLUMNS = [
    {"name": name, "label": label, "field": name, "align": align}
    for name, label, align in (
        ("state", "State", "left"),
        ("task", "Task", "left"),
        ("environment", "Environment", "left"),
        ("best", "Best fitness", "right"),
        ("normalised", "Human-normalised", "right"),
        ("course", "By iteration", "left"),
        ("iteration", "Iteration", "right"),
        ("usd", "USD", "right"),
        ("pace", "Steps/s", "right"),
        ("age", "Begun", "right"),
    )
]
STATE_CELL = """
<q-td :props="props"><span :class="`rs-state rs-state-${props.value}`">{{ props.value.replace('_', ' ') }}</span></q-td>
"""
TASK_CELL = """<q-td :props="props"><a class="rs-task" :href="props.row.address">{{ props.value }}</a></q-td>"""
COURSE_CELL = """
<q-td :props="props"><svg v-if="props.value" class="rs-spark" viewBox="0 0 96 24" role="img" :aria-label="props.row.told"
  ><polyline :points="props.value"/></svg></q-td>
"""
NORMALISED_CELL = """
<q-td :props="props"><span v-if="props.row.measured">{{ props.value }}</span><span v-else role="img"
  aria-label="neither a human nor a sparse reward to compare with">{{ props.value }}</span></q-td>
"""
EMPTY = """<div class="rs-quiet q-pa-md">No run is like that. <a href="/new">Ask for one</a>, or ask for less.</div>"""


@dataclass
class Asked:
    """What the page's address asks for; `cursors` leads back, page by page."""

    text: str
    state: str
    environment: str
    sort: str
    cursors: list[str]

    def query(self) -> dict[str, str]:
        """As the API wants it, without what is not asked for."""
        cursor = self.cursors[-1] if self.cursors else ""
        asked = {
            "text": self.text,
            "state": self.state,
            "environment": self.environment,
            "sort": self.sort,
            "cursor": cursor,
        }
        return {name: value for name, value in asked.items() if value}


def install(site: Site) -> None:
    """Adds the page."""

    @site.page("/", "Runs")
    async def runs(visit: Visit) -> None:
        query = visit.query
        sort = query.get("sort", "newest")
        asked = Asked(
            query.get("text", ""),
            query.get("state", ""),
            query.get("environment", ""),
            sort if sort in ORDERS else "newest",
            [query["cursor"]] if "cursor" in query else [],
        )
        environments = [one.id for one in await visit.api.environments()]
        await _Runs(visit, asked, environments).show()


class _Runs:
    def __init__(self, visit: Visit, asked: Asked, environments: list[str]) -> None:
        self._api, self._asked = visit.api, asked
        heading("Runs")
        self._notice = Notice()
        with ui.element("search").classes("rs-row"):
            ui.input("Search tasks", value=asked.text, on_change=self._search).props(
                "type=search debounce=300 clearable"
            )
            self._choice("State", [ANY, *RunState], "state")
            self._choice("Environment", [ANY, *environments], "environment")
            order = ui.select(ORDERS, value=asked.sort, label="Order")
            order.on_value_change(lambda event: self._again(sort=event.value))
        self._table = ui.table(columns=COLUMNS, rows=[], row_key="id").classes("w-full").props("flat wrap-cells")
        self._table.add_slot("body-cell-state", STATE_CELL)
        self._table.add_slot("body-cell-task", TASK_CELL)
        self._table.add_slot("body-cell-course", COURSE_CELL)
        self._table.add_slot("body-cell-normalised", NORMALISED_CELL)
        self._table.add_slot("no-data", EMPTY)
        with ui.element("nav").props('aria-label="Pages of runs"').classes("rs-row"):
            self._back = ui.button("Before", on_click=self._before).props("flat no-caps")
            self._on = ui.button("After", on_click=self._after).props("flat no-caps")
        self._next: str | None = None
        ui.timer(EVERY_SECONDS, self._notice.kept(self.show), immediate=False)

    async def show(self) -> None:
        """Asks for the page of runs and shows it."""
        asked = self._asked.query()
        found = await self._api.runs({**asked, "limit": PAGE})
        if asked != self._asked.query():
            return  # somebody asks for others by now, whose answer comes too
        self._next = found.next_cursor
        rows = [_row(run) for run in found.items]
        if rows != self._table.rows:
            self._table.rows = rows
        self._back.set_enabled(bool(self._asked.cursors))
        self._on.set_enabled(self._next is not None)

    def _choice(self, label: str, values: list[str], name: str) -> None:
        now = getattr(self._asked, name)
        choice = ui.select(values, value=now if now in values else ANY, label=label, with_input=len(values) > 20)
        choice.on_value_change(lambda event: self._again(**{name: "" if event.value == ANY else event.value}))

    async def _search(self, event: ValueChangeEventArguments[str | None]) -> None:
        await self._again(text=event.value or "")

    async def _before(self) -> None:
        if self._asked.cursors:
            self._asked.cursors.pop()
            await self._renew()

    async def _after(self) -> None:
        if self._next is not None:
            self._asked.cursors.append(self._next)
            await self._renew()

    async def _again(self, **asked: str) -> None:
        for name, value in asked.items():
            setattr(self._asked, name, value)
        self._asked.cursors.clear()
        await self._renew()

    async def _renew(self) -> None:
        self._next = None  # of what is asked for now it is not known yet
        ui.navigate.history.replace(address("/", self._asked.query()))
        await self._notice.kept(self.show)()


def _row(run: RunSummary) -> dict[str, str | bool]:
    pace = run.spending.environment_steps / run.spending.seconds if run.spending.seconds else None
    return {
        "id": run.id,
        "address": run_address(run.id),
        "state": run.state,
        "task": run.task,
        "environment": run.environment,
        "best": figure(run.best_fitness),
        "normalised": figure(run.human_normalised),
        "measured": run.human_normalised is not None,
        "course": spark(run.bests),
        "told": f"best fitness by iteration: {', '.join(map(figure, run.bests))}",
        "iteration": whole(run.iteration),
        "usd": usd(run.spending.usd),
        "pace": whole(pace),
        "age": ago(run.created_at),
    }
