"""What a request for a run is checked for, whether it is to be stored or only to be estimated."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from service.api.deps import CurrentArtifacts, CurrentDesignerCheck, CurrentStore
from service.api.errors import FieldError, RequestRefused
from service.api.intake import Intake, card_of, examine
from service.api.warm_start import check_warm_start
from service.evolution.budget_forecast import unkept
from service.schema import Budget, RunRequest


def accept(
    request: RunRequest, store: CurrentStore, artifacts: CurrentArtifacts, check: CurrentDesignerCheck
) -> Intake:
    """A request whose environment, fitness, steps, seed rewards, warm start and designer are known to work.

    Raises `RequestRefused` naming every field at fault.
    """
    intake = examine(request)
    check_warm_start(intake.request.training, card_of(request.environment), store, artifacts)
    reason = check(request.designer)
    if reason is not None:
        raise RequestRefused([FieldError(field="designer", message=reason)])
    check_budget(request.budget, request.designer)
    return intake


def check_budget(budget: Budget, designer: str) -> None:
    """Raises `RequestRefused` where a limit could not be kept with this designer."""
    reason = unkept(budget, designer)
    if reason is not None:
        raise RequestRefused([FieldError(field="budget.usd", message=reason)])


Accepted = Annotated[Intake, Depends(accept)]
