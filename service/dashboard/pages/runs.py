"""All runs: filtered, searched, in an order, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from service.dashboard.components.table import Table
from service.dashboard.frame import heading, words
from service.dashboard.site import Site, Visit, address, run_address
from service.dashboard.tables import Column, figures
from service.dashboard.wording import ago, usd, whole
from service.schema import RunState, RunSummary

PAGE = "25"
EVERY_SECONDS = 5.0
ANY = "any"
ORDERS = {"newest": "newest first", "updated": "last changed first", "fittest": "fittest first"}
KEYS = (("/", "go to the search"), ("j, k", "the next run, the one before"), ("Enter", "open it"))
AT_ONCE, MOST = 200, 5000
"""So many runs the API is asked for at a time, and a file has at most."""
COLUMNS: tuple[Column[RunSummary], ...] = (
    Column("Run", lambda run: run.id, "file"),
    Column("State", lambda run: run.state, "state"),
    Column("Task", lambda run: run.task, "link"),
    Column("Environment", lambda run: run.environment),
    figures("Best fitness", lambda run: run.best_fitness),
    Column("Unit", lambda run: run.fitness.unit, "file"),
    figures("Human-normalised", lambda run: run.human_normalised),
    Column("By iteration", lambda run: run.bests, "course"),
    figures("Iteration", lambda run: run.iteration, whole),
    figures("USD", lambda run: run.spending.usd, usd),
    figures("Steps/s", lambda run: _pace(run), whole),
    Column("Begun", lambda run: run.created_at, "figure", lambda run: ago(run.created_at)),
)


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

    @site.page("/", "Runs", KEYS)
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
        self._notice = visit.notice
        with ui.element("search").classes("rs-row"):
            ui.input("Search tasks", value=asked.text, on_change=self._search).props(
                "type=search debounce=300 clearable"
            )
            self._choice("State", [ANY, *RunState], "state")
            self._choice("Environment", [ANY, *environments], "environment")
            order = ui.select(ORDERS, value=asked.sort, label="Order")
            order.on_value_change(lambda event: self._again(sort=event.value))
        with ui.element("div").classes("rs-card"):
            self._table = Table(
                "Runs", COLUMNS, address=lambda run: run_address(run.id), everything=self._matching, titled=False
            )
            with self._table.add_slot("empty"), ui.element("p"):
                words("span", "No run is like that. ")
                ui.link("Ask for one", "/new")
                words("span", ", or ask for less.")
        with ui.element("nav").props('aria-label="Pages of runs"').classes("rs-row"):
            self._back = ui.button("Before", on_click=self._before).props("flat no-caps")
            self._on = ui.button("After", on_click=self._after).props("flat no-caps")
            words("span", f"CSV and JSON have all runs that are asked for, {whole(MOST)} at most.").classes(
                "rs-quiet rs-small"
            )
        self._next: str | None = None
        ui.timer(EVERY_SECONDS, self._notice.kept(self.show), immediate=False)

    async def show(self) -> None:
        """Asks for the page of runs and shows it."""
        asked = self._asked.query()
        found = await self._api.runs({**asked, "limit": PAGE})
        if asked != self._asked.query():
            return  # somebody asks for others by now, whose answer comes too
        self._next = found.next_cursor
        self._table.show(found.items)
        self._back.set_enabled(bool(self._asked.cursors))
        self._on.set_enabled(self._next is not None)

    async def _matching(self) -> list[RunSummary]:
        """All runs that are asked for, from the first page on."""
        wanted, found = self._asked.query() | {"limit": str(AT_ONCE), "cursor": ""}, list[RunSummary]()
        while len(found) < MOST:
            page = await self._api.runs({name: value for name, value in wanted.items() if value})
            found += page.items
            if page.next_cursor is None:
                return found
            wanted["cursor"] = page.next_cursor
        ui.notify(f"There are more: the file has the first {whole(MOST)}.", type="warning")
        return found

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


def _pace(run: RunSummary) -> float | None:
    return run.spending.environment_steps / run.spending.seconds if run.spending.seconds else None
