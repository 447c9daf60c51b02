"""Ctrl-C while a run is worked on: never lost, and an exception again afterwards."""

from __future__ import annotations

import signal

import pytest

from service.cli.interrupts import Interrupts


class Interrupted:
    """Its finalizer is interrupted: Python reports a KeyboardInterrupt raised there and forgets it."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


def test_an_interrupt_in_a_finalizer_is_counted() -> None:
    with Interrupts() as interrupts:
        dying = Interrupted()
        del dying
        assert interrupts.count == 1


def test_a_second_interrupt_is_told_from_the_first() -> None:
    with Interrupts() as interrupts:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        assert interrupts.count == 2


def test_before_and_after_an_interrupt_is_an_exception() -> None:
    with Interrupts():
        pass
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
