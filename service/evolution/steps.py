"""What a run does next, as a function of what is stored: killed anywhere and asked again, it goes on where it was."""

from __future__ import annotations

from dataclasses import dataclass

from service.evolution.budget import barren, exhausted, hopeless
from service.evolution.selection import winner
from service.schema import CandidateState, IterationState, RunRecord, RunState


@dataclass(frozen=True)
class StartIteration:
    """Begin iteration `number`."""

    number: int


@dataclass(frozen=True)
class Design:
    """Ask for the rewards of an iteration and have the critic read them."""

    iteration: int


@dataclass(frozen=True)
class Screen:
    """Drop the iteration's duplicates and plan the trainings of the rest."""

    iteration: int


@dataclass(frozen=True)
class Train:
    """Train the iteration's candidates."""

    iteration: int


@dataclass(frozen=True)
class Analyze:
    """Read what the iteration's policies did."""

    iteration: int


@dataclass(frozen=True)
class Continue:
    """Train candidates of finished iterations to their end, though they had been stopped early, and read what they did."""

    candidate_ids: tuple[str, ...]


@dataclass(frozen=True)
class Compare:
    """Train the winner from scratch beside the human and the sparse reward."""

    winner_id: str


@dataclass(frozen=True)
class Finish:
    """End the run: with a winner, or `failed` because there is none; `reason` if it ends before its last iteration."""

    state: RunState
    reason: str | None


@dataclass(frozen=True)
class AwaitFeedback:
    """Leave the run until people have said what they have to say of iteration `number`."""

    number: int


@dataclass(frozen=True)
class Pause:
    """Leave the run for a user to look at: buying more of the same would be wasted, and `reason` says why."""

    reason: str


Step = StartIteration | Design | Screen | Train | Analyze | Continue | Compare | AwaitFeedback | Pause | Finish


def next_step(record: RunRecord) -> Step:
    """The one next step of a run."""
    late = _continued(record)
    if late:
        return Continue(late)
    current = record.iterations[-1] if record.iterations else None
    if current is not None:
        match current.state:
            case IterationState.DESIGNING:
                return Design(current.number)
            case IterationState.SCREENING:
                return Screen(current.number)
            case IterationState.TRAINING:
                return Train(current.number)
            case IterationState.ANALYZING:
                return Analyze(current.number)
            case IterationState.DONE:
                pass
    request = record.run.request
    number = current.number if current is not None else 0
    reason = exhausted(request.budget, record.run.spending) or hopeless(record)
    if number < request.search.iterations and reason is None:
        reason = _unaffordable(record, request.search.candidates * request.training.seeds, "another iteration")
        if reason is None:
            without_fruit = barren(record)
            if without_fruit is not None:
                return Pause(without_fruit)
            if request.feedback == "wait" and number > record.run.heard_iterations:
                return AwaitFeedback(number)
            return StartIteration(number + 1)
    best = winner(record.candidates)
    if best is None:
        return Finish(RunState.FAILED, reason or "no candidate could be trained; see the verdicts of the candidates")
    seeds = request.training.comparison_seeds
    if seeds and record.run.comparison is None:
        no_comparison = exhausted(request.budget, record.run.spending) or _unaffordable(
            record, 3 * seeds, "the final comparison"
        )
        if no_comparison is None:
            return Compare(best.id)
        reason = no_comparison
    return Finish(RunState.COMPLETED, reason)


def _continued(record: RunRecord) -> tuple[str, ...]:
    """Candidates that wait for their training though their iteration is over: a user wants it, whatever the budget says."""
    done = {iteration.number for iteration in record.iterations if iteration.state is IterationState.DONE}
    waiting = (CandidateState.QUEUED, CandidateState.TRAINING)
    return tuple(one.id for one in record.candidates if one.iteration in done and one.state in waiting)


def _unaffordable(record: RunRecord, trainings: int, what: str) -> str | None:
    limit = record.run.request.budget.environment_steps
    needed = trainings * record.run.steps
    spent = record.run.spending.environment_steps
    if limit is None or spent + needed <= limit:
        return None
    return f"{what} takes {needed:,} environment steps; {max(limit - spent, 0):,} of the budget of {limit:,} are left"
