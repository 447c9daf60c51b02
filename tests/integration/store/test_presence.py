from datetime import UTC, datetime, timedelta

from service.schema import OrchestratorPresence, RayState
from service.store import Store

A_MINUTE = timedelta(minutes=1)


def presence(owner: str, seen: timedelta = timedelta(), **more: object) -> OrchestratorPresence:
    at = datetime.now(UTC)
    fields = {
        "owner": owner, "started_at": at - 2 * A_MINUTE, "seen_at": at - seen, "runs": 1, "runs_at_once": 2,
        "ray": RayState.CONNECTED,
    }  # fmt: skip
    return OrchestratorPresence.model_validate(fields | more)


def test_who_gave_a_sign_of_life_lately_is_listed(store: Store) -> None:
    alive = presence("host:1:1")
    silent = presence("host:2:2", seen=2 * A_MINUTE)
    for one in (silent, alive):
        store.orchestrators.here(one)
    assert store.orchestrators.list(A_MINUTE) == (alive,)
    assert store.orchestrators.list(10 * A_MINUTE) == (alive, silent)  # the older process first


def test_the_last_sign_counts(store: Store) -> None:
    store.orchestrators.here(presence("host:1:1"))
    later = presence("host:1:1", runs=2, ray=RayState.FAULT, fault="no Ray answers")
    store.orchestrators.here(later)
    assert store.orchestrators.list(A_MINUTE) == (later,)


def test_who_has_ended_is_not_listed_and_who_has_long_been_silent_is_forgotten(store: Store) -> None:
    store.orchestrators.here(presence("host:3:3", seen=timedelta(days=2)))
    store.orchestrators.here(presence("host:1:1"))
    store.orchestrators.here(presence("host:2:2"))
    store.orchestrators.gone("host:2:2")
    assert [one.owner for one in store.orchestrators.list(timedelta(days=9))] == ["host:1:1"]
