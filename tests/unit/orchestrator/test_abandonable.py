import threading
from functools import partial

import pytest

from service.orchestrator.abandonable import run_all


def never() -> bool:
    return False


def test_all_calls_are_made_and_no_more_at_a_time_than_allowed() -> None:
    done: list[int] = []
    at_once = threading.Semaphore(2)

    def call(number: int) -> None:
        assert at_once.acquire(blocking=False)
        done.append(number)
        at_once.release()

    assert run_all([partial(call, number) for number in range(20)], threads=2, stopped=never)
    assert sorted(done) == list(range(20))


def test_a_fault_is_raised_once_the_others_have_ended() -> None:
    ended = threading.Event()

    def fail() -> None:
        raise ValueError("no answer")

    with pytest.raises(ValueError, match="no answer"):
        run_all([fail, ended.set], threads=1, stopped=never)
    assert ended.is_set()


def test_calls_under_way_are_left_behind_and_the_others_never_begin() -> None:
    begun, answered, begun_too, over = (threading.Event() for _ in range(4))

    def wait() -> None:
        begun.set()
        answered.wait(30)
        over.set()

    assert not run_all([wait, begun_too.set], threads=1, stopped=begun.is_set)
    answered.set()
    assert over.wait(30)
    assert not begun_too.is_set()


def test_nothing_to_call_has_ended() -> None:
    assert run_all([], threads=4, stopped=never)
