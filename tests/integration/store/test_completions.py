import pytest

from service.schema import CompletionState, Message, Usage
from service.store import NotFound, StateConflict, Store, Writer

MESSAGES = (Message(role="system", content="You write rewards."), Message(role="user", content="Hop."))
USAGE = Usage(prompt_tokens=100, completion_tokens=20, usd=0.25, latency_seconds=1.5)
MODEL = "openai/some-model"


def test_a_completion_is_intended_before_it_is_stored(store: Store, writer: Writer) -> None:
    run_id = writer.claim.run_id
    intended = writer.intend_completion(1, 2, 0, MODEL, MESSAGES)
    assert intended.id == f"{run_id}-1-2-0-0"
    assert (intended.state, intended.messages, intended.reply) == (CompletionState.INTENDED, MESSAGES, None)
    assert store.completions(run_id) == (intended,)

    stored = writer.store_completion(intended.id, "```python\npass\n```", "mutated", (f"{run_id}-1-0",), USAGE)
    assert stored == intended.model_copy(
        update={
            "state": CompletionState.STORED,
            "reply": "```python\npass\n```",
            "origin": "mutated",
            "parents": (f"{run_id}-1-0",),
            "usage": USAGE,
        }
    )
    assert store.completions(run_id) == (stored,)


def test_a_stored_completion_is_counted_once_and_keeps_its_first_reply(store: Store, writer: Writer) -> None:
    completion = writer.intend_completion(1, 0, 0, MODEL, MESSAGES)
    first = writer.store_completion(completion.id, "first", "proposed", (), USAGE)
    events = store.events(writer.claim.run_id)
    assert writer.store_completion(completion.id, "second", "proposed", (), USAGE) == first
    assert store.events(writer.claim.run_id) == events
    spending = store.get_run(writer.claim.run_id).spending
    assert (spending.completions, spending.usd) == (1, 0.25)
    assert (spending.prompt_tokens, spending.completion_tokens) == (100, 20)


def test_a_stored_completion_is_never_asked_for_again(writer: Writer) -> None:
    completion = writer.intend_completion(1, 0, 0, MODEL, MESSAGES)
    writer.store_completion(completion.id, "reply", "proposed", (), USAGE)
    with pytest.raises(StateConflict, match="has a stored completion: read it, it is never asked for again"):
        writer.intend_completion(1, 0, 0, MODEL, MESSAGES)
    assert writer.intend_completion(1, 0, 1, MODEL, MESSAGES).id.endswith("-1-0-1-0")


def test_a_failed_try_is_paid_for_and_followed_by_another_with_a_number_of_its_own(
    store: Store, writer: Writer
) -> None:
    first = writer.intend_completion(1, 0, 0, MODEL, MESSAGES)
    writer.fail_completion(first.id, "the server hung up", Usage(prompt_tokens=100, usd=0.125))
    writer.fail_completion(first.id, "the server hung up", Usage(prompt_tokens=100, usd=0.125))
    second = writer.intend_completion(1, 0, 0, MODEL, MESSAGES)
    assert (first.id[-2:], second.id[-2:]) == ("-0", "-1")
    writer.store_completion(second.id, "reply", "proposed", (), USAGE)
    assert [(one.state, one.error) for one in store.completions(writer.claim.run_id)] == [
        (CompletionState.FAILED, "the server hung up"),
        (CompletionState.STORED, None),
    ]
    # 0.125 for the try that failed and 0.25 for the one that came
    assert store.get_run(writer.claim.run_id).spending.usd == 0.375
    assert store.get_run(writer.claim.run_id).spending.completions == 2


def test_a_reply_cannot_be_stored_for_a_failed_try_nor_a_stored_one_fail(writer: Writer) -> None:
    failed = writer.intend_completion(1, 0, 0, MODEL, MESSAGES)
    writer.fail_completion(failed.id, "no", Usage())
    with pytest.raises(StateConflict, match="is failed: it cannot become stored"):
        writer.store_completion(failed.id, "reply", "proposed", (), USAGE)
    stored = writer.intend_completion(1, 0, 0, MODEL, MESSAGES)
    writer.store_completion(stored.id, "reply", "proposed", (), USAGE)
    with pytest.raises(StateConflict, match="is stored: it cannot become failed"):
        writer.fail_completion(stored.id, "no", Usage())


def test_a_reply_without_an_intent_is_refused(writer: Writer) -> None:
    with pytest.raises(NotFound, match="record its intent first"):
        writer.store_completion("nowhere", "reply", "proposed", (), USAGE)


def test_a_price_that_is_not_known_stays_unknown_and_costs_nothing(store: Store, writer: Writer) -> None:
    completion = writer.intend_completion(1, 0, 0, MODEL, MESSAGES)
    assert writer.store_completion(completion.id, "reply", "proposed", (), Usage(usd=None)).usage.usd is None
    assert store.get_run(writer.claim.run_id).spending.usd == 0.0


def test_completions_are_listed_by_iteration_slot_attempt_and_try(store: Store, writer: Writer) -> None:
    for place in ((2, 0, 0), (1, 10, 0), (1, 2, 1), (1, 2, 0), (1, 2, 0)):
        writer.intend_completion(*place, MODEL, MESSAGES)
    run_id = writer.claim.run_id
    expected = ["1-2-0-0", "1-2-0-1", "1-2-1-0", "1-10-0-0", "2-0-0-0"]
    assert [one.id.removeprefix(f"{run_id}-") for one in store.completions(run_id)] == expected


def test_a_reply_that_utf8_cannot_hold_is_stored_as_far_as_it_can_be(store: Store, writer: Writer) -> None:
    completion = writer.intend_completion(1, 0, 0, MODEL, MESSAGES)
    stored = writer.store_completion(completion.id, "'; DROP TABLE run; --\x00\ud800<b>", "proposed", (), USAGE)
    assert stored.reply == "'; DROP TABLE run; --\ufffd\ufffd<b>"
    assert store.completions(writer.claim.run_id) == (stored,)


def test_completions_are_asked_for_by_iteration_and_slot(store: Store, writer: Writer) -> None:
    run_id = writer.claim.run_id
    first, second, third = (writer.intend_completion(*place, 0, MODEL, MESSAGES) for place in ((1, 0), (1, 1), (2, 0)))
    assert store.completions(run_id, 1) == (first, second)
    assert store.completions(run_id, 2, 0) == (third,)
    assert store.completions(run_id, slot=0) == (first, third)
