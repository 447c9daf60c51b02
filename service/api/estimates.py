"""What a run would take, told before it is stored."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter

from envs.card import EnvCard, cards
from service.api.acceptance import Accepted
from service.api.deps import CurrentDataFolder, CurrentStore
from service.api.errors import BODY, COMMON
from service.api.intake import Intake, card_of
from service.baselines.stored import look_up
from service.evolution.estimate import Known, estimate
from service.evolution.seeds import comparison_seeds
from service.llm.prices import price_of
from service.schema import Estimate, MeasuredPace
from service.store import Store

router = APIRouter(prefix="/runs/estimate", tags=["runs"], responses=COMMON)


@router.post("", operation_id="estimateRun", summary="Ask what a run would take", responses=BODY)
def estimate_run(accepted: Accepted, store: CurrentStore, data_folder: CurrentDataFolder) -> Estimate:
    """Environment steps, minutes, completions, tokens and US dollars of a run that is checked as if it were submitted.

    Nothing is stored and no model is asked. Figures come from what was trained and asked on this installation before.
    """
    card = card_of(accepted.request.environment)
    pace, pace_of = _pace(card, store)
    known = Known(
        pace=pace,
        pace_of=pace_of,
        completions=store.measured_completions(accepted.request.designer),
        price=price_of(accepted.request.designer),
        stored_baseline=_stored_baseline(accepted, card, data_folder),
    )
    return estimate(card, accepted.request, accepted.fitness, accepted.steps, known)


def _pace(card: EnvCard, store: Store) -> tuple[MeasuredPace | None, str]:
    """How fast this environment was trained lately, else its family, else any; and which of them in words."""
    if (own := store.pace({card.id})) is not None:
        return own, card.id
    family = {one.id for one in cards().values() if one.family == card.family}
    if (related := store.pace(family)) is not None:
        return related, f"the family {card.family}"
    return store.pace(), "all environments"


def _stored_baseline(accepted: Intake, card: EnvCard, data_folder: Path) -> bool:
    training = accepted.request.training
    found = look_up(card, accepted.fitness, accepted.steps, training, data_folder).baseline
    seeds = comparison_seeds(training.comparison_seeds, accepted.request.search.seed)
    return found is not None and found.covers(seeds)
