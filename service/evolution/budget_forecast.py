"""Which limits of its budget a run would reach before its end, and where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from service.llm.prices import price_of
from service.schema import Budget, BudgetKind, BudgetReached

LIMIT: Final[dict[BudgetKind, str]] = {
    "usd": "{:,.2f} USD",
    "environment_steps": "{:,.0f} environment steps",
    "seconds": "{:,.0f} s",
}
WHOLE_RUN: Final[dict[BudgetKind, str]] = {
    "usd": "costs up to {:,.2f} USD",
    "environment_steps": "takes up to {:,.0f} environment steps",
    "seconds": "trains for {:,.0f} s",
}


@dataclass(frozen=True)
class Comparison:
    """What the final comparison takes, and how much must be left of the budget for it to begin."""

    takes: float
    begins_with: float


@dataclass(frozen=True)
class Course:
    """What a run takes of one kind of budget: in each of its iterations, then in the final comparison, if there is one."""

    kind: BudgetKind
    iterations: Sequence[float]
    comparison: Comparison | None

    def whole_iterations(self, limit: float) -> int | None:
        """How many iterations are over before the limit is reached; None where the whole run is."""
        spent = 0.0
        for number, cost in enumerate(self.iterations):
            if spent >= limit or spent + cost > limit:
                return number
            spent += cost
        last = self.comparison
        if last is None or (spent < limit and spent + max(last.takes, last.begins_with) <= limit):
            return None
        return len(self.iterations)

    def reached(self, limit: float) -> BudgetReached | None:
        """Where the run reaches a limit, None where it does not."""
        whole = self.whole_iterations(limit)
        if whole is None:
            return None
        iterations = len(self.iterations)
        where = (
            "before the final comparison is over"
            if whole == iterations
            else f"in iteration {whole + 1} of {iterations}"
        )
        total = sum(self.iterations) + (0.0 if self.comparison is None else self.comparison.takes)
        reason = (
            f"the budget of {LIMIT[self.kind].format(limit)} may be used up {where}: "
            f"the whole run {WHOLE_RUN[self.kind].format(total)}"
        )
        return BudgetReached(budget=self.kind, whole_iterations=whole, reason=reason)


def unkept(budget: Budget, designer: str) -> str | None:
    """Why a limit cannot be kept, None if all can: what a model costs must be known for a limit in US dollars."""
    if budget.usd is None or price_of(designer) is not None:
        return None
    return (
        f"no price is known for {designer}, so that nothing would ever count against {budget.usd:.2f} USD; "
        "limit environment_steps or seconds instead"
    )


def budgets_reached(budget: Budget, courses: Iterable[Course]) -> tuple[BudgetReached, ...]:
    """The limits that a run reaches before its end, the first of them first."""
    limits = {"usd": budget.usd, "environment_steps": budget.environment_steps, "seconds": budget.seconds}
    found = [course.reached(limit) for course in courses if (limit := limits[course.kind]) is not None]
    return tuple(sorted((one for one in found if one is not None), key=lambda one: one.whole_iterations))
