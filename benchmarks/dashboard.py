"""Does the dashboard show a large run at once, keep it live for little, and keep no memory of its viewers?

    python -m benchmarks.dashboard [--viewers 50] [--minutes 10]

A run of 80 candidates with curves of 1,000 points, to which a writer adds eight points and two lines a second, as a training of
eight does; the pages and API of `rewardsmith serve` in a process of their own. A headless Chromium is timed from asking for the
page to seeing its last candidate, with its cache warm, and stays as one of the viewers: what it is sent counts as it arrives on its
websocket. The other viewers are websockets without a browser, in a process of their own: fifty browsers that draw would take all
cores.

A handler is what the server's event loop does without a pause, in time of its thread: the longest is told, and how late the loop
ever was, for which whatever else runs on the machine counts too. Memory is flat if it grows by less than 2% from the second minute
to the last. At last the list of runs is timed with one page of runs and with 10,000. Ends with one line of JSON; exit 1 where a
bar is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import httpx
from playwright.sync_api import Locator, Page, WebSocket, sync_playwright
from pydantic import BaseModel

from service.schema import CandidateState, CurvePoint, Fitness, RunRequest, Training, TrainingState
from service.store import Store, Writer, open_store, process_owner
from service.store.columns import now
from service.store.database import Database
from service.store.tables import CandidateRow, CurvePointRow, EventRow, RunRow, TrainingRow
from tests.browser.conftest import ARGUMENTS, CHROMIUM

CANDIDATES: Final = 80
ITERATIONS: Final = 10
POINTS: Final = 1_000
LIVE: Final = 8
FIRST_CONTENT_SECONDS: Final = 1.5
KILOBYTES_A_SECOND: Final = 5.0
HANDLER_MILLISECONDS: Final = 50.0
GROWTH_PERCENT: Final = 2.0
LIST_RATIO: Final = 1.25
"""So much longer may the list take with 10,000 runs: as fast, but for what a measurement of some tenths of a second varies by."""
PAGE_OF_RUNS: Final = 25
LOADS: Final = 9
LAST: Final = f"Candidate {ITERATIONS}-{CANDIDATES // ITERATIONS - 1}"
SOURCE: Final = "def compute_reward(time):\n    return time, {}\n" * 20
FITNESS: Final = Fitness(name="forward_speed", score="x_position[-1]", success="steps == max_steps", unit="m/s")
LOOK_SECONDS: Final = 0.002
LOOKS: Final = 300
SPEED_NUMBERS: Final = 100_000
KEPT: Final = 100
HELD: Final = "held.json"


class Held(BaseModel):
    """The hundred longest turns of the server's event loop, in milliseconds of its thread, and the hundred times it was latest.

    `garbage`: the longest that looking for garbage took, in whichever thread it fell to. `python`: what a fixed piece of it took.
    """

    turns: list[float]
    late: list[float]
    garbage: float
    python: float


def point(segment: int) -> CurvePoint:
    """Any point of a curve."""
    return CurvePoint(
        segment=segment, steps=1000 * (segment + 1), fitness=segment / 1000, success_rate=0.5, episode_length=100.0,
        terminated_rate=1.0, training_return=2.0, training_length=90.0, components={}, steps_per_second=5000.0, policy_loss=0.1,
        value_loss=1.0, entropy=1.0, approximate_kl=0.01,
    )  # fmt: skip


def fill(url: str, store: Store) -> Writer:
    """A run that this process works on: all candidates but the last eight trained, each with its whole curve."""
    claim = store.claim(
        process_owner(), 86_400.0, store.create_run(RunRequest(task="watched", environment="Hopper-v5"), FITNESS, 1).id
    )
    assert claim is not None
    writer, run_id, at = store.writer(claim), claim.run_id, now()
    for number in range(1, ITERATIONS + 1):
        writer.start_iteration(number)
    database = Database(url)
    with database.writing() as session:
        run = session.get(RunRow, run_id)
        assert run is not None
        for place in range(CANDIDATES):
            iteration, slot = 1 + place // (CANDIDATES // ITERATIONS), place % (CANDIDATES // ITERATIONS)
            name, live = f"{run_id}-{iteration}-{slot}", place >= CANDIDATES - LIVE
            segments = 1 if live else POINTS
            session.add(
                CandidateRow(
                    id=name, run_id=run_id, iteration=iteration, slot=slot, source=SOURCE,
                    origin="proposed", parents=(), findings=(), created_at=at, fitness=None if live else place / 10,
                    state=CandidateState.TRAINING if live else CandidateState.TRAINED,
                )
            )  # fmt: skip
            session.flush()
            session.add(
                TrainingRow(
                    id=f"{name}-s0", run_id=run_id, candidate_id=name, place=place, reward="candidate", comparison=False, seed=0,
                    state=TrainingState.RUNNING if live else TrainingState.FINISHED, segments=100_000 if live else POINTS,
                    segments_done=segments,
                )
            )  # fmt: skip
            session.flush()
            for segment in range(segments):
                run.last_event += 1
                session.add(CurvePointRow(training_id=f"{name}-s0", segment=segment, point=point(segment)))
                session.add(
                    EventRow(
                        run_id=run_id,
                        number=run.last_event,
                        kind="curve_point",
                        at=at,
                        text="a point",
                        training_id=f"{name}-s0",
                    )
                )
    database.close()
    return writer


class Happenings:
    """Eight points and two lines a second, until it is ended."""

    def __init__(self, store: Store, writer: Writer) -> None:
        self._writer = writer
        self._live: list[Training] = [
            one for one in store.trainings(writer.claim.run_id) if one.state is TrainingState.RUNNING
        ]
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._happen)
        self._thread.start()

    def end(self) -> None:
        """Writes no more."""
        self._stopped.set()
        self._thread.join()

    def _happen(self) -> None:
        segment = 1
        while not self._stopped.wait(1.0):
            for training in self._live:
                self._writer.add_segment(training.id, point(segment), "key", 1000)
            for number in range(2):
                self._writer.log(f"line {number} of second {segment}")
            segment += 1


def serve(folder: str, port: int) -> None:
    """What `rewardsmith serve` shows, without work on runs; the longest that its event loop was held goes to a file."""
    import uvicorn
    from fastapi import FastAPI

    from service.app import answering, create_app
    from service.artifacts import ArtifactStore
    from service.dashboard.app import dashboard_beside
    from service.settings import Settings

    turns, late, garbage, python = [0.0], [0.0], [0.0], []
    started = [0.0]

    def collected(phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            started[0] = time.thread_time()
        else:
            garbage[0] = max(garbage[0], 1e3 * (time.thread_time() - started[0]))

    async def look() -> None:
        while True:
            begun, own = time.perf_counter(), time.thread_time()
            await asyncio.sleep(LOOK_SECONDS)
            turns.append(1e3 * (time.thread_time() - own))
            late.append(1e3 * (time.perf_counter() - begun - LOOK_SECONDS))
            if len(turns) > LOOKS:
                turns[:], late[:] = sorted(turns)[-KEPT:], sorted(late)[-KEPT:]
                own = time.thread_time()
                sum(range(SPEED_NUMBERS))
                python.append(1e3 * (time.thread_time() - own))
                held = Held(turns=turns, late=late, garbage=garbage[0], python=statistics.median(python))
                Path(folder, HELD).write_text(held.model_dump_json())

    @asynccontextmanager
    async def watched(_: FastAPI) -> AsyncIterator[None]:
        async with answering(api):
            task = asyncio.create_task(look())
            gc.callbacks.append(collected)
            yield
            task.cancel()

    store = open_store(f"sqlite:///{folder}/rewardsmith.db")
    api = create_app(Settings(data_folder=folder), store, ArtifactStore(folder), lambda _: None, open_access=True)
    uvicorn.run(dashboard_beside(api, watched), port=port, log_level="error")


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, int]]:
    """The dashboard's address, and its process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-m", "benchmarks.dashboard", "--serve", str(folder), str(port)])
    address = f"http://127.0.0.1:{port}"
    try:
        while True:
            try:
                httpx.get(f"{address}/api/v1/healthz")
                break
            except httpx.TransportError:
                time.sleep(0.2)
        yield address, server.pid
    finally:
        server.terminate()
        server.wait()


@contextmanager
def watching(address: str, path: str, viewers: int) -> Iterator[subprocess.Popen[str]]:
    """So many viewers of the page, connected, in a process that ends with its input and tells what they received."""
    words = [sys.executable, "-m", "benchmarks.dashboard_viewers", address, path, str(viewers)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as others:
        assert others.stdout is not None
        if others.stdout.readline() != "watching\n":
            raise RuntimeError("the viewers without a browser could not connect; what they said is above")
        yield others


class Received:
    """What a page is sent over its websocket, in bytes, from when it is counted."""

    def __init__(self, page: Page) -> None:
        self.size = 0
        page.on("websocket", self._opened)

    def _opened(self, opened: WebSocket) -> None:
        opened.on("framereceived", self._take)

    def _take(self, payload: str | bytes) -> None:
        self.size += len(payload)


def loads(page: Page, address: str, awaited: Locator, times: int) -> list[float]:
    """Seconds from asking for a page to seeing what is awaited."""
    seconds = []
    for _ in range(times):
        begun = time.perf_counter()
        page.goto(address, wait_until="commit")
        awaited.wait_for()
        seconds.append(time.perf_counter() - begun)
    return seconds


def lists(page: Page, address: str, url: str) -> dict[str, float]:
    """How long the list of runs takes with a page of them, and with 10,000."""
    # Here, since the server's process has this module too, and would have all of a training's libraries with it.
    from benchmarks.api import RUNS
    from benchmarks.api import fill as fill_runs

    last = page.locator("tbody tr").nth(PAGE_OF_RUNS - 1)
    fill_runs(url, range(PAGE_OF_RUNS))
    few = statistics.median(loads(page, address, last, LOADS))
    fill_runs(url, range(PAGE_OF_RUNS, RUNS))
    many = statistics.median(loads(page, address, last, LOADS))
    return {"list_seconds": few, "list_of_10000_seconds": many, "list_ratio": many / few}


def watched(viewer: Page, address: str, path: str, viewers: int, minutes: float, process: int) -> dict[str, float]:
    """What all viewers of a live run cost, of whom one is a browser's page."""
    received, memory = Received(viewer), []
    viewer.goto(address + path)
    viewer.get_by_role("link", name=LAST).wait_for()
    with watching(address, path, viewers - 1) as others:
        before, begun = received.size, time.monotonic()
        while time.monotonic() - begun < 60 * minutes:
            viewer.wait_for_timeout(1000)  # lets the browser tell what its page received
            memory.append(
                int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
            )
        seconds = time.monotonic() - begun
        sent = (received.size - before) / 1000 / seconds
        told = json.loads(others.communicate()[0])
    figures = {"kilobytes_a_second": sent, "mebibytes": memory[-1]}
    if told:
        figures["messages_a_second_of_the_least"] = min(told) / seconds
    if len(memory) > 120:
        figures["growth_percent"] = 100 * (statistics.fmean(memory[-30:]) / statistics.fmean(memory[60:90]) - 1)
    return figures


def measure(folder: Path, viewers: int, minutes: float) -> dict[str, float]:
    """All figures."""
    url = f"sqlite:///{folder}/rewardsmith.db"
    store = open_store(url)
    writer = fill(url, store)
    path = f"/runs/{writer.claim.run_id}"
    with served(folder) as (address, process), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        page.goto(address, wait_until="networkidle")
        shown = loads(page, address + path, page.get_by_role("link", name=LAST), LOADS)
        page.close()
        happenings, viewer = Happenings(store, writer), context.new_page()
        cost = watched(viewer, address, path, viewers, minutes, process)
        happenings.end()
        viewer.close()
        figures = {
            "first_content_seconds": statistics.median(shown),
            "first_content_longest_seconds": max(shown),
            **cost,
            **lists(context.new_page(), address, url),
        }
        browser.close()
        held = Held.model_validate_json((folder / HELD).read_text())
    store.close()
    return figures | {
        "handler_milliseconds": held.turns[-1],
        "handler_tenth_longest_milliseconds": held.turns[-10],
        "garbage_milliseconds": held.garbage,
        "python_milliseconds": held.python,
        "loop_late_milliseconds": held.late[-1],
        "loop_tenth_latest_milliseconds": held.late[-10],
    }


def main() -> int:
    """Runs the benchmark and prints its line of JSON; the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--viewers", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve[0], int(arguments.serve[1]))
        return 0
    with tempfile.TemporaryDirectory() as place:
        figures = measure(Path(place), arguments.viewers, arguments.minutes)
    bars = {
        "first_content_seconds": FIRST_CONTENT_SECONDS,
        "kilobytes_a_second": KILOBYTES_A_SECOND,
        "handler_milliseconds": HANDLER_MILLISECONDS,
        "growth_percent": GROWTH_PERCENT,
        "list_ratio": LIST_RATIO,
    }
    missed = [name for name, bar in bars.items() if name in figures and figures[name] > bar]
    rounded = {name: round(value, 2) for name, value in figures.items()}
    asked = {"viewers": arguments.viewers, "minutes": arguments.minutes}
    print(json.dumps({"benchmark": "dashboard", **asked, **rounded, "bars": bars, "missed": missed}))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
