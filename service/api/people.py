"""What people say of a run and give to it: words, rankings, rewards of their own."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter

from sandbox import RewardRejected, check_reward
from service.api.access import CurrentCaller
from service.api.deps import CurrentStore, RunId
from service.api.errors import BODY, COMMON, CONFLICT, MISSING, FieldError, RequestRefused
from service.api.intake import card_of
from service.schema import Contribution, Feedback, Order, OwnReward, Preference, Words

router = APIRouter(prefix="/runs/{run_id}", tags=["people"], responses={**COMMON, **MISSING})
GIVEN = {**BODY, **CONFLICT}


@router.post(
    "/feedback",
    operation_id="giveFeedback",
    summary="Say something of a run",
    status_code=HTTPStatus.CREATED,
    responses=GIVEN,
)
def give_feedback(run_id: RunId, words: Words, store: CurrentStore, caller: CurrentCaller) -> Feedback:
    """Words on the run or on one of its candidates; a designer that reads is told in the next iteration."""
    return store.say(run_id, words, caller.name)


@router.get("/feedback", operation_id="listFeedback", summary="List what people said of a run")
def list_feedback(run_id: RunId, store: CurrentStore) -> tuple[Feedback, ...]:
    """All words, in the order in which they came."""
    return store.feedback(run_id)


@router.post(
    "/preferences",
    operation_id="givePreference",
    summary="Rank candidates of a run",
    status_code=HTTPStatus.CREATED,
    responses=GIVEN,
)
def give_preference(run_id: RunId, order: Order, store: CurrentStore, caller: CurrentCaller) -> Preference:
    """A ranking, the candidate liked best first; fitness stays the only judge, but a designer that reads is shown it."""
    return store.prefer(run_id, order, caller.name)


@router.get("/preferences", operation_id="listPreferences", summary="List how people ranked candidates of a run")
def list_preferences(run_id: RunId, store: CurrentStore) -> tuple[Preference, ...]:
    """All rankings, in the order in which they came."""
    return store.preferences(run_id)


@router.post(
    "/candidates",
    operation_id="giveCandidate",
    summary="Give a run a reward function of your own",
    status_code=HTTPStatus.CREATED,
    responses=GIVEN,
)
def give_candidate(run_id: RunId, reward: OwnReward, store: CurrentStore, caller: CurrentCaller) -> Contribution:
    """It joins the next iteration beside those that the designer writes, and is judged as they are."""
    env_card = card_of(store.get_run(run_id).request.environment)
    try:
        check_reward(reward.source, env_card.parameters)
    except RewardRejected as rejected:
        raise RequestRefused(
            [FieldError(field="source", message=str(fault)) for fault in rejected.faults]
        ) from rejected
    return store.contribute(run_id, reward.source, caller.name)
