import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from service.schema import (
    Comparison,
    Fitness,
    PPOConfig,
    Run,
    RunRequest,
    RunState,
    SearchConfig,
    Spending,
    TrainingConfig,
)
from service.store import NotFound, Store, Wanted, Writer, open_store, process_owner
from service.store.listing import Sort
from tests.integration.store.conftest import FITNESS
from tests.integration.store.test_candidates import add_trained

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
    assert store.list_runs().runs[0].task == task.replace("\0", "\ufffd")  # a column of text holds no NUL


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


def test_a_list_of_runs_tells_what_their_fitness_can_be_measured_by(store: Store, writer: Writer) -> None:
    ours = TrainingConfig(rollout_length=64, ppo=PPOConfig(hidden_sizes=(32, 16)))
    store.create_run(RunRequest(task="hop", environment="Hopper-v5", training=ours), FITNESS, 1)
    first = add_trained(writer, 1, 0, 1.0)
    comparison = Comparison(winner_id=first, rewards=(), human_normalised=None, steps=1000)
    writer.set_comparison(comparison)
    page = store.list_runs()
    assert page.comparisons == (None, comparison)
    assert page.configs == (ours, TrainingConfig())
    assert (page.runs[1].id, page.runs[1].human_normalised) == (writer.claim.run_id, None)


def test_a_full_last_page_has_no_cursor(store: Store, new_run: Callable[..., Run]) -> None:
    new_run()
    new_run()
    assert store.list_runs(limit=2).next_cursor is None


def test_runs_are_listed_by_state(store: Store, new_run: Callable[..., Run]) -> None:
    paused = new_run()
    new_run()
    store.request_state(paused.id, "pause")
    assert [run.id for run in store.list_runs(Wanted(RunState.PAUSED)).runs] == [paused.id]
    assert store.list_runs(Wanted(RunState.COMPLETED)).runs == ()


def test_runs_are_listed_by_environment_and_by_what_their_task_says(store: Store) -> None:
    ants = store.create_run(RunRequest(task="Walk 100% like ants_do", environment="Ant-v5"), FITNESS, 1).id
    hops = store.create_run(RunRequest(task="walk like a flea", environment="Hopper-v5"), FITNESS, 1).id

    def found(**wanted: str) -> list[str]:
        return [run.id for run in store.list_runs(Wanted(**wanted)).runs]  # type: ignore[arg-type]

    assert found(environment="Ant-v5") == [ants]
    assert found(text="WALK") == [hops, ants]
    assert found(text="100%") == [ants]  # what a database takes for a wildcard is looked for as it is
    assert found(text="%") == [ants]
    assert found(text="s_d") == [ants]
    assert found(text="k_l") == []
    assert found(text="' OR 1=1 --") == []


def test_runs_are_listed_fittest_first_and_those_without_a_fitness_last(store: Store) -> None:
    def judged(fitness: float | None) -> str:
        run = store.create_run(RunRequest(task="hop", environment="Hopper-v5"), FITNESS, 1)
        claim = store.claim(process_owner(), 3600.0, run.id)
        assert claim is not None
        if fitness is not None:
            add_trained(store.writer(claim), 1, 0, fitness)
        return run.id

    ids = [judged(fitness) for fitness in (0.5, None, 2.0, -1.0, None, 2.0)]
    ranked = [*sorted([ids[2], ids[5]], reverse=True), ids[0], ids[3], *sorted([ids[1], ids[4]], reverse=True)]
    seen: list[str] = []
    cursor: str | None = None
    while len(seen) < len(ids):
        page = store.list_runs(Wanted(sort="fittest"), limit=1, cursor=cursor)
        seen += [run.id for run in page.runs]
        cursor = page.next_cursor
    assert seen == ranked
    assert cursor is None


def test_runs_are_listed_by_their_last_change(store: Store, new_run: Callable[..., Run]) -> None:
    first, second = new_run(), new_run()
    store.request_state(first.id, "pause")
    assert [run.id for run in store.list_runs(Wanted(sort="updated")).runs] == [first.id, second.id]


def test_a_cursor_is_of_one_order(store: Store, new_run: Callable[..., Run]) -> None:
    new_run()
    new_run()
    cursor = store.list_runs(limit=1).next_cursor
    with pytest.raises(ValueError, match="ask for the same order"):
        store.list_runs(Wanted(sort="fittest"), cursor=cursor)


def forged(*parts: object) -> str:
    return forged_text(json.dumps(parts))


def forged_text(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("sort", "cursor"),
    [
        ("newest", forged("newest", "2030-01-01T00:00:00Z", "one\0two")),
        ("newest", forged("newest", "2030-01-01T00:00:00Z", "\ud800")),
        ("newest", forged("newest", "0001-01-01T00:00:00+14:00", "r")),  # before the first year in UTC
        ("updated", forged("updated", "9999-12-31T23:59:59-14:00", "r")),
        ("fittest", forged("fittest", 10**400, "r")),
        ("fittest", forged("fittest", "1", "r")),
        ("fittest", forged_text('["fittest", 1e999, "r"]')),
        ("fittest", forged_text('["fittest", NaN, "r"]')),
        ("newest", forged_text("[" * 10_000)),
    ],
)
def test_a_forged_cursor_is_refused(store: Store, sort: Sort, cursor: str) -> None:
    with pytest.raises(ValueError, match="is not a cursor"):
        store.list_runs(Wanted(sort=sort), cursor=cursor)


def test_no_run_has_a_text_or_an_environment_that_no_database_can_hold(
    store: Store, new_run: Callable[..., Run]
) -> None:
    new_run()
    for unstorable in ("\0", "hop\0", "\ud800"):
        assert store.list_runs(Wanted(text=unstorable)).runs == ()
        assert store.list_runs(Wanted(environment=unstorable)).runs == ()


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "abc",
        "ÿ",
        "MjAzMA",
        "' OR 1=1 --",
        "bm90IGE=",
        "W10",
        "WyJuZXdlc3QiLDEsInIiXQ",
        "WyJuZXdlc3QiLCIyMDMwLTAxLTAxIiwiciJd",
    ],
)
def test_a_cursor_that_no_page_gave_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(ValueError, match="is not a cursor"):
        store.list_runs(cursor=cursor)
