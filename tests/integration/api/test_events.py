import json
from collections.abc import Iterator

import httpx

from service.schema import Event, RunState
from service.store import Writer

STREAM = {"accept": "text/event-stream"}


def events_in(lines: Iterator[str]) -> Iterator[Event]:
    """Reads server-sent events as a browser does: an empty line ends one."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif "data" in fields:
            event = Event.model_validate_json(fields["data"])
            assert fields["id"] == str(event.number)
            assert fields["event"] == event.kind
            yield event
            fields = {}


def test_events_are_a_list_unless_a_stream_is_asked_for(client: httpx.Client, writer: Writer) -> None:
    writer.log("hello")
    url = f"/runs/{writer.claim.run_id}/events"
    assert [event["text"] for event in client.get(url).json()] == ["queued: hop forward", "running", "hello"]
    assert [event["number"] for event in client.get(url, params={"after": 1, "limit": 1}).json()] == [2]


def test_a_stream_tells_what_happens_while_it_is_open_and_ends_with_the_run(
    client: httpx.Client, writer: Writer
) -> None:
    url = f"/runs/{writer.claim.run_id}/events"
    with client.stream("GET", url, headers=STREAM) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = events_in(answer.iter_lines())
        assert [next(events).text for _ in range(2)] == ["queued: hop forward", "running"]
        writer.log("while somebody watches\ndata: forged\n\nid: 99")
        assert next(events).text == "while somebody watches data: forged id: 99"
        writer.set_run_state(RunState.COMPLETED)
        assert [event.state for event in events] == ["completed"]


def test_a_broken_stream_is_taken_up_without_a_lost_or_a_repeated_event(client: httpx.Client, writer: Writer) -> None:
    url = f"/runs/{writer.claim.run_id}/events"
    numbers = []
    with client.stream("GET", url, headers=STREAM) as answer:
        events = events_in(answer.iter_lines())
        numbers += [next(events).number for _ in range(2)]
    for n in range(205):  # more than a stream reads at once
        writer.log(f"while nobody watches {n}")
    writer.set_run_state(RunState.CANCELLED, "enough")
    with client.stream("GET", url, headers=STREAM | {"last-event-id": str(numbers[-1])}) as answer:
        numbers += [event.number for event in events_in(answer.iter_lines())]
    # 2 from before, 205 messages and the end
    assert numbers == list(range(1, 209))


def test_the_number_of_the_last_event_wins_over_the_query(client: httpx.Client, writer: Writer) -> None:
    writer.set_run_state(RunState.COMPLETED)
    url = f"/runs/{writer.claim.run_id}/events"
    answer = client.get(url, params={"after": 0}, headers=STREAM | {"last-event-id": "2"})
    assert [event.number for event in events_in(iter(answer.text.splitlines()))] == [3]


def test_a_stream_of_a_run_that_is_not_stored_is_not_found(client: httpx.Client) -> None:
    answer = client.get("/runs/r-nowhere/events", headers=STREAM)
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:rewardsmith:problem:not-found"


def test_a_number_that_no_event_has_is_refused(client: httpx.Client, run_id: str) -> None:
    for wrong in ("x", "-1", "1e400", str(2**31)):
        answer = client.get(f"/runs/{run_id}/events", headers=STREAM | {"last-event-id": wrong})
        assert answer.status_code == 422
        assert json.loads(answer.content)["errors"][0]["field"] == "last-event-id"
