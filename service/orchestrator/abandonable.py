"""Calls that wait for somebody else's server, in threads that can be left behind when the run must be left at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from queue import Empty, SimpleQueue

from service.log_context import carried

POLL_SECONDS = 0.25
Job = tuple[Future[None], Callable[[], None]]


def run_all(calls: Sequence[Callable[[], None]], threads: int, stopped: Callable[[], bool]) -> bool:
    """Makes all calls, at most so many at a time; False if it was stopped before they had ended. Raises what a call raised.

    Calls that have not begun then never begin. Those that have go on in threads that no end of the process waits for.
    """
    queue: SimpleQueue[Job] = SimpleQueue()
    futures: list[Future[None]] = []
    for call in calls:
        futures.append(Future())
        queue.put((futures[-1], carried(call)))
    for _ in range(min(threads, len(calls))):
        threading.Thread(target=_work, args=(queue,), name="abandonable", daemon=True).start()
    left = set(futures)
    while left:
        left = wait(left, timeout=POLL_SECONDS).not_done
        if left and stopped():
            for future in left:
                future.cancel()
            return False
    for future in futures:
        future.result()
    return True


def _work(queue: SimpleQueue[Job]) -> None:
    while True:
        try:
            future, call = queue.get_nowait()
        except Empty:
            return
        if not future.set_running_or_notify_cancel():
            continue
        try:
            call()
        except BaseException as error:  # noqa: BLE001 -- raised again where the future is asked
            future.set_exception(error)
        else:
            future.set_result(None)
