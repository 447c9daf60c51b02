"""What the work in hand is about: a run, a candidate, a request. Every line of the log says so, wherever it is written.

A thread that is started begins with nothing: who starts one for the same work gives it `carried`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Subject:
    """Ids of what is worked on; None where the work is about none."""

    run_id: str | None = None
    iteration: int | None = None
    candidate_id: str | None = None
    request_id: str | None = None


_subject: ContextVar[Subject] = ContextVar("subject", default=Subject())  # noqa: B039 -- it is frozen


def subject() -> Subject:
    """What the work in hand is about."""
    return _subject.get()


@contextmanager
def about(
    *,
    run_id: str | None = None,
    iteration: int | None = None,
    candidate_id: str | None = None,
    request_id: str | None = None,
) -> Iterator[None]:
    """The block is about these as well; what is not given stays as it is outside."""
    known = Subject(run_id, iteration, candidate_id, request_id)
    given = {name: value for name, value in vars(known).items() if value is not None}
    token = _subject.set(replace(_subject.get(), **given))
    try:
        yield
    finally:
        _subject.reset(token)


def carried(call: Callable[[], None]) -> Callable[[], None]:
    """The same call, about what the work is about now, in whatever thread it is made; once only at a time."""
    context = copy_context()
    return lambda: context.run(call)
