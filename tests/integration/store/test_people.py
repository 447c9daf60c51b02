from collections.abc import Callable

import pytest
from sqlalchemy import update

from service.schema import Budget, EventKind, Extension, Order, Run, RunRequest, RunState, SearchConfig, Words
from service.store import NotFound, StateConflict, Store, Writer
from service.store.database import Database
from service.store.people import MOST_WAITING
from service.store.tables import RunRow
from tests.integration.store.conftest import FITNESS
from tests.integration.store.test_candidates import candidate

SOURCE = "def compute_reward(action):\n    return action[:, 0], {'a': action[:, 0]}\n"


def test_words_are_kept_with_who_said_them_and_the_iteration_under_way(store: Store, writer: Writer) -> None:
    run_id = writer.claim.run_id
    before = store.say(run_id, Words(words="hop higher"), "ada")
    writer.start_iteration(1)
    proposed = candidate(writer)
    writer.add_candidate(proposed)
    after = store.say(run_id, Words(words="its knee\nbends", candidate_id=proposed.id), "grace")
    assert (before.iteration, before.candidate_id, before.author) == (0, None, "ada")
    assert (after.iteration, after.candidate_id, after.words) == (1, proposed.id, "its knee\nbends")
    assert store.feedback(run_id) == store.record(run_id).feedback == (before, after)
    told = [event.text for event in store.events(run_id) if event.kind is EventKind.FEEDBACK]
    assert told == ["ada: hop higher", "grace: its knee bends"]


def test_rankings_are_kept_in_their_order(store: Store, writer: Writer) -> None:
    one, other = candidate(writer, slot=0), candidate(writer, slot=1)
    for proposed in (one, other):
        writer.add_candidate(proposed)
    preference = store.prefer(writer.claim.run_id, Order(ranking=(other.id, one.id), words="smoother"), "ada")
    assert store.preferences(writer.claim.run_id) == store.record(writer.claim.run_id).preferences == (preference,)
    assert preference.ranking == (other.id, one.id)


def test_who_is_spoken_of_must_be_of_the_run(store: Store, writer: Writer, new_run: Callable[..., Run]) -> None:
    writer.add_candidate(proposed := candidate(writer))
    other = new_run()
    with pytest.raises(NotFound, match=f"run {other.id} has no candidate '{proposed.id}'"):
        store.say(other.id, Words(words="no", candidate_id=proposed.id), "ada")
    with pytest.raises(NotFound, match="has no candidate 'r-nowhere'"):
        store.prefer(writer.claim.run_id, Order(ranking=(proposed.id, "r-nowhere")), "ada")
    assert store.feedback(other.id) == ()


def test_nobody_listens_once_a_run_has_ended(store: Store, writer: Writer) -> None:
    writer.set_run_state(RunState.COMPLETED)
    with pytest.raises(StateConflict, match="is completed: nobody would hear of it; extend the run first"):
        store.say(writer.claim.run_id, Words(words="too late"), "ada")


def test_a_reward_that_somebody_gives_has_a_place_behind_the_designers_in_the_next_iteration(
    store: Store, writer: Writer
) -> None:
    run_id = writer.claim.run_id
    given = [store.contribute(run_id, SOURCE, "ada") for _ in range(2)]
    assert {(one.iteration, one.slot) for one in given} == {(None, None)}
    writer.start_iteration(1)
    late = store.contribute(run_id, SOURCE, "grace")
    places = [(one.iteration, one.slot) for one in store.record(run_id).contributions]
    assert places == [(1, 4), (1, 5), (None, None)]  # a designer is asked for four
    writer.start_iteration(2)
    assert store.record(run_id).contributions[-1].model_copy(update={"iteration": None, "slot": None}) == late


def test_a_reward_for_a_run_in_its_last_iteration_is_refused(store: Store, writer: Writer) -> None:
    for number in (1, 2, 3):
        writer.start_iteration(number)
    with pytest.raises(StateConflict, match="is in its last iteration: extend it"):
        store.contribute(writer.claim.run_id, SOURCE, "ada")


def test_no_more_rewards_wait_than_an_iteration_can_take(store: Store, new_run: Callable[..., Run]) -> None:
    run = new_run()
    for _ in range(MOST_WAITING):
        store.contribute(run.id, SOURCE, "ada")
    with pytest.raises(StateConflict, match=f"{MOST_WAITING} rewards wait"):
        store.contribute(run.id, SOURCE, "ada")


def test_a_run_that_waits_for_words_goes_on_once_it_is_resumed(store: Store, writer: Writer) -> None:
    writer.start_iteration(1)
    writer.set_run_state(RunState.AWAITING_FEEDBACK)
    run = store.request_state(writer.claim.run_id, "resume")
    assert (run.state, run.heard_iterations) == (RunState.QUEUED, 1)


def test_a_pause_in_an_iteration_does_not_make_its_words_heard(store: Store, writer: Writer) -> None:
    writer.start_iteration(1)
    writer.set_run_state(RunState.PAUSED)
    assert store.request_state(writer.claim.run_id, "resume").heard_iterations == 0


def test_the_same_key_gives_the_same_run_and_only_for_the_same_request(store: Store) -> None:
    request = RunRequest(task="hop", environment="Hopper-v5")
    first = store.create_run(request, FITNESS, 1000, key="k")
    assert store.create_run(request, FITNESS, 1000, key="k") == first
    assert store.create_run(request, FITNESS, 1000, key="other").id != first.id
    assert len(store.list_runs().runs) == 2
    with pytest.raises(StateConflict, match=f"run {first.id} was asked for with this key, and for something else"):
        store.create_run(request.model_copy(update={"search": SearchConfig(seed=1)}), FITNESS, 1000, key="k")


def test_a_key_stands_for_what_it_was_given_for_though_the_run_was_extended_since(store: Store) -> None:
    request = RunRequest(task="hop", environment="Hopper-v5")
    first = store.create_run(request, FITNESS, 1000, key="k")
    extended = store.extend(first.id, Extension(iterations=1, budget=Budget(usd=3.0)))
    assert store.create_run(request, FITNESS, 1000, key="k") == extended
    with pytest.raises(StateConflict, match=f"run {first.id} was asked for with this key, and for something else"):
        store.create_run(extended.request, FITNESS, 1000, key="k")


def test_a_key_of_an_older_release_stands_for_the_request_as_it_is_stored(store: Store, database_url: str) -> None:
    request = RunRequest(task="hop", environment="Hopper-v5")
    first = store.create_run(request, FITNESS, 1000, key="k")
    database = Database(database_url)
    with database.writing() as session:
        session.execute(update(RunRow).values(asked_digest=None))
    database.close()
    assert store.create_run(request, FITNESS, 1000, key="k") == first
    with pytest.raises(StateConflict, match="and for something else"):
        store.create_run(request.model_copy(update={"task": "run"}), FITNESS, 1000, key="k")
