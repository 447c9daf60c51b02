from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from service.schema import Fitness, Run, RunRequest, RunState, SearchConfig, Spending
from service.store import NotFound, Store, open_store

HOSTILE = [
    "hop'); DROP TABLE run; --",
    "<script>alert(1)</script> & {{ 7 * 7 }}",
    "one\x00two\x1b[31mthree\r\nfour\u202efive",
    "ħöp 向前跳 🦘",
    '"; import os; """',
]


def test_a_new_run_is_queued_and_has_spent_nothing(store: Store) -> None:
    request = RunRequest(task="hop", environment="Hopper-v5", search=SearchConfig(seed=3))
    fitness = Fitness(name="far", score="x_position[-1]", success="True", unit="m")
    before = datetime.now(UTC)
    run = store.create_run(request, fitness, 50_000)
    assert (run.request, run.fitness, run.steps) == (request, fitness, 50_000)
    assert (run.state, run.reason, run.iteration, run.best_fitness) == (RunState.QUEUED, None, 0, None)
    assert run.spending == Spending()
    assert before <= run.created_at == run.updated_at <= datetime.now(UTC)
    assert store.get_run(run.id) == run


def test_a_run_is_still_there_when_the_store_is_opened_again(store: Store, database_url: str) -> None:
    run = store.create_run(
        RunRequest(task="hop", environment="Hopper-v5"), Fitness(name="f", score="1", success="True"), 1
    )
    again = open_store(database_url)
    assert again.get_run(run.id) == run
    again.close()


@pytest.mark.parametrize("task", HOSTILE)
def test_a_task_is_data_whatever_it_says(store: Store, new_run: Callable[..., Run], task: str) -> None:
    run = new_run(task)
    assert store.get_run(run.id).request.task == task
    assert store.events(run.id)[0].text.isprintable()
    assert store.list_runs().runs[0].request.task == task


@pytest.mark.parametrize(
    "read",
    ["get_run", "iterations", "candidates", "trainings", "completions", "events", "record"],
)
def test_a_run_that_is_not_stored_is_not_found(store: Store, read: str) -> None:
    with pytest.raises(NotFound, match="no run 'r-nowhere' is stored"):
        getattr(store, read)("r-nowhere")


def test_a_new_run_has_an_empty_record(store: Store, new_run: Callable[..., Run]) -> None:
    run = new_run()
    record = store.record(run.id)
    assert record.run == run
    assert (record.iterations, record.candidates, record.completions, record.trainings) == ((), (), (), ())


def test_runs_are_listed_newest_first_in_pages_that_neither_skip_nor_repeat(
    store: Store, new_run: Callable[..., Run]
) -> None:
    made = [new_run(f"task {n}").id for n in range(7)]
    seen: list[str] = []
    cursor: str | None = None
    sizes = []
    while True:
        page = store.list_runs(limit=3, cursor=cursor)
        seen += [run.id for run in page.runs]
        sizes.append(len(page.runs))
        cursor = page.next_cursor
        if cursor is None:
            break
        new_run("made while somebody leafs through")
    assert seen == made[::-1]
    assert sizes == [3, 3, 1]


def test_a_full_last_page_has_no_cursor(store: Store, new_run: Callable[..., Run]) -> None:
    new_run()
    new_run()
    assert store.list_runs(limit=2).next_cursor is None


def test_runs_are_listed_by_state(store: Store, new_run: Callable[..., Run]) -> None:
    paused = new_run()
    new_run()
    store.request_state(paused.id, "pause")
    assert [run.id for run in store.list_runs(RunState.PAUSED).runs] == [paused.id]
    assert store.list_runs(RunState.COMPLETED).runs == ()


@pytest.mark.parametrize("cursor", ["", "abc", "ÿ", "MjAzMA", "' OR 1=1 --", "bm90IGE="])
def test_a_cursor_that_no_page_gave_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(ValueError, match="is not a cursor"):
        store.list_runs(cursor=cursor)
