import threading

from service.log_context import Subject, about, carried, subject
from service.orchestrator.abandonable import run_all


def test_what_is_given_within_is_added_and_gone_afterwards() -> None:
    with about(run_id="r-1"):
        with about(iteration=1):
            assert subject() == Subject(run_id="r-1", iteration=1)
        assert subject() == Subject(run_id="r-1")
    assert subject() == Subject()


def test_a_thread_knows_what_its_work_is_about_where_that_is_carried() -> None:
    seen: list[Subject] = []

    def look() -> None:
        seen.append(subject())

    with about(run_id="r-1"):
        for target in (look, carried(look)):
            thread = threading.Thread(target=target)
            thread.start()
            thread.join()
    assert seen == [Subject(), Subject(run_id="r-1")]


def test_calls_in_threads_that_can_be_left_behind_are_about_the_same_run() -> None:
    seen: list[Subject] = []

    def look() -> None:
        seen.append(subject())

    with about(run_id="r-1"):
        assert run_all([look] * 4, threads=2, stopped=lambda: False)
    assert seen == [Subject(run_id="r-1")] * 4
