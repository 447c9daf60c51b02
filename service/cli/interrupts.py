"""Ctrl-C as a wish that is asked for, where an exception could get lost on its way."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType


class Interrupts:
    """Counts interrupts while it is entered, in the main thread; before and after, they raise KeyboardInterrupt as ever.

    Python raises KeyboardInterrupt wherever the main thread happens to be: in a finalizer or a callback of the garbage
    collector it is printed and forgotten, and the work that was to be stopped goes on.
    """

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> Interrupts:
        self._before = signal.signal(signal.SIGINT, self._interrupted)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _interrupted(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1
