"""When a run should stop buying: a limit is reached, or nothing it buys works."""

from __future__ import annotations

from service.schema import (
    Budget,
    Candidate,
    CandidateState,
    Iteration,
    IterationState,
    RunRecord,
    Spending,
)

BARREN_ITERATIONS = 3
"""Iterations in a row without one trained candidate after which a user is asked before more of the same is bought."""


def exhausted(budget: Budget, spending: Spending) -> str | None:
    """One sentence that names the first limit reached, with both figures; None while there is budget left."""
    if budget.usd is not None and spending.usd + _possibly_paid(spending) >= budget.usd:
        return f"the budget of {budget.usd:.2f} USD is used up: {spending.usd:.2f} USD spent{_in_flight(spending)}"
    if budget.environment_steps is not None and spending.environment_steps >= budget.environment_steps:
        return (
            f"the budget of {budget.environment_steps:,} environment steps is used up: "
            f"{spending.environment_steps:,} steps trained"
        )
    if budget.seconds is not None and spending.seconds >= budget.seconds:
        return f"the budget of {budget.seconds:.0f} s is used up: {spending.seconds:.0f} s worked"
    return None


def hopeless(record: RunRecord) -> str | None:
    """One sentence that says why another iteration would be wasted, None where there is hope.

    Every candidate of the last one, two at least, was rejected or failed for one and the same reason. An iteration before a user
    has resumed or extended the run does not count.
    """
    done = _done_unexcused(record)
    if not done:
        return None
    shared = _shared_reason(_candidates_of(record, done[-1]))
    if shared is not None:
        return f"every candidate of iteration {done[-1].number} was refused for one reason: {shared}"
    return None


def barren(record: RunRecord) -> str | None:
    """One sentence on the last three finished iterations where they gave not one trained candidate, None where they did.

    Those before a user has resumed or extended the run do not count.
    """
    last = _done_unexcused(record)[-BARREN_ITERATIONS:]
    if len(last) < BARREN_ITERATIONS or any(_trained(_candidates_of(record, iteration)) for iteration in last):
        return None
    return (
        f"no candidate of the iterations {last[0].number} to {last[-1].number} could be trained, {BARREN_ITERATIONS} in a row: "
        "see the verdicts of the candidates; to resume the run buys more of them"
    )


def _done_unexcused(record: RunRecord) -> list[Iteration]:
    excused = record.run.excused_iterations
    return [one for one in record.iterations if one.state is IterationState.DONE and one.number > excused]


def _in_flight(spending: Spending) -> str:
    if not spending.completions_possibly_paid:
        return ""
    return (
        f", and {_possibly_paid(spending):.2f} USD possibly paid for {spending.completions_possibly_paid} completions in flight "
        "when a process died"
    )


def _possibly_paid(spending: Spending) -> float:
    """US dollars, each completion for what the others cost in the mean."""
    return spending.completions_possibly_paid * spending.usd / max(spending.completions, 1)


def _candidates_of(record: RunRecord, iteration: Iteration) -> tuple[Candidate, ...]:
    return tuple(candidate for candidate in record.candidates if candidate.iteration == iteration.number)


def _trained(candidates: tuple[Candidate, ...]) -> bool:
    return any(candidate.state is CandidateState.TRAINED for candidate in candidates)


def _shared_reason(candidates: tuple[Candidate, ...]) -> str | None:
    """The reason code that all of at least two candidates were refused for; the first by name where they share several."""
    refused = (CandidateState.REJECTED, CandidateState.FAILED)
    if len(candidates) < 2 or any(candidate.state not in refused for candidate in candidates):
        return None
    shared = frozenset.intersection(*(_reason_codes(candidate) for candidate in candidates))
    return min(shared, default=None)


def _reason_codes(candidate: Candidate) -> frozenset[str]:
    """Codes of the critic's faults; for a failed training what its reason says before the first colon."""
    if candidate.verdict is not None and candidate.verdict.faults:
        return frozenset(fault.code for fault in candidate.verdict.faults)
    return frozenset({candidate.reason.partition(":")[0].strip()} if candidate.reason else ())
