import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from service.schema import EventKind, Run, RunState
from service.store import Store, Writer, open_store

LOG_FROM_TWO_THREADS = """
import sys
from concurrent.futures import ThreadPoolExecutor
from service.store import Claim, open_store
url, run_id, owner, token, name = sys.argv[1:]
store = open_store(url)
writer = store.writer(Claim(run_id, owner, int(token)))
with ThreadPoolExecutor(2) as threads:
    list(threads.map(lambda n: writer.log(f"{name} {n}"), range(15)))
store.close()
"""


def test_every_change_is_an_event_with_the_next_number(store: Store, writer: Writer) -> None:
    writer.log("first")
    writer.set_run_state(RunState.FAILED, "all candidates\nfailed")
    events = store.events(writer.claim.run_id)
    assert [(event.number, event.kind, event.text) for event in events] == [
        (1, EventKind.RUN_STATE, "queued: hop forward"),
        (2, EventKind.RUN_STATE, "running"),
        (3, EventKind.LOG, "first"),
        (4, EventKind.RUN_STATE, "failed: all candidates failed"),
    ]
    assert [event.state for event in events] == ["queued", "running", None, "failed"]
    assert store.get_run(writer.claim.run_id).updated_at == events[-1].at


def test_events_are_read_on_from_a_number_in_portions(store: Store, writer: Writer) -> None:
    for n in range(5):
        writer.log(str(n))
    assert [event.number for event in store.events(writer.claim.run_id, after=3, limit=2)] == [4, 5]
    assert [event.number for event in store.events(writer.claim.run_id, after=6)] == [7]
    assert store.events(writer.claim.run_id, after=7) == ()


def test_numbers_have_no_gap_when_threads_and_processes_write_at_once(
    store: Store, writer: Writer, database_url: str
) -> None:
    claim = writer.claim
    arguments = [database_url, claim.run_id, claim.owner, str(claim.token)]
    others = [subprocess.Popen([sys.executable, "-c", LOG_FROM_TWO_THREADS, *arguments, name]) for name in ("a", "b")]
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda n: writer.log(f"here {n}"), range(30)))
    assert [other.wait(timeout=90) for other in others] == [0, 0]
    events = store.events(claim.run_id)
    # 30 from here and 15 from each of the two processes, after the two that queued and started the run
    assert [event.number for event in events] == list(range(1, 63))
    logged = {event.text for event in events if event.kind is EventKind.LOG}
    assert logged == {f"here {n}" for n in range(30)} | {f"{name} {n}" for name in "ab" for n in range(15)}


def test_a_reader_in_another_connection_sees_what_was_written(store: Store, writer: Writer, database_url: str) -> None:
    other = open_store(database_url)
    writer.log("seen")
    assert other.events(writer.claim.run_id)[-1].text == "seen"
    other.close()


def test_news_of_several_runs_are_told_at_once(store: Store, writer: Writer, new_run: Callable[..., Run]) -> None:
    busy, quiet = writer.claim.run_id, new_run().id
    for n in range(3):
        writer.log(f"message {n}")
    store.request_state(quiet, "cancel")
    news = store.news({busy: 3, quiet: 2, "r-nowhere": 0})
    # queued, running and three messages; queued and cancelled
    assert {run_id: (one.number, one.ended) for run_id, one in news.items()} == {busy: (5, False), quiet: (2, True)}
    assert [event.text for event in news[busy].events] == ["message 1", "message 2"]
    assert news[quiet].events == ()
    assert store.news({busy: 0}, limit=2)[busy].events == store.events(busy, limit=2)
    assert store.news({busy: None})[busy].events == ()
    assert store.news({}) == {}
