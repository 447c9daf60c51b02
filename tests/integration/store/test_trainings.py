import math
from datetime import UTC, datetime

import pytest

from service.schema import (
    Candidate,
    CandidateState,
    Comparison,
    CurvePoint,
    EventKind,
    Interval,
    RewardComparison,
    Training,
    TrainingResult,
    TrainingState,
    Usage,
)
from service.store import NotFound, StateConflict, Store, Writer
from tests.integration.store.test_candidates import candidate as a_candidate

RESULT = TrainingResult(best_segment=1, fitness=2.5, success_rate=0.5, episodes=())


def training(writer: Writer, name: str = "final-human-0", segments: int = 2) -> Training:
    return Training(
        id=f"{writer.claim.run_id}-{name}",
        run_id=writer.claim.run_id,
        candidate_id=None,
        reward="human",
        comparison=True,
        seed=7,
        state=TrainingState.QUEUED,
        segments=segments,
        segments_done=0,
        curve=(),
        result=None,
        reason=None,
    )


def point(segment: int) -> CurvePoint:
    return CurvePoint(
        segment=segment,
        steps=(segment + 1) * 1000,
        fitness=0.5 * segment,
        success_rate=0.0,
        episode_length=100.0,
        terminated_rate=1.0,
        training_return=None,
        training_length=None,
        components={},
        steps_per_second=5000.0,
        policy_loss=0.1,
        value_loss=1.0,
        entropy=1.0,
        approximate_kl=0.01,
    )


@pytest.fixture
def planned(writer: Writer) -> str:
    plan = training(writer)
    writer.add_trainings((plan,))
    return plan.id


def test_trainings_are_listed_in_the_order_in_which_they_were_planned(store: Store, writer: Writer) -> None:
    writer.add_trainings((training(writer, "z"), training(writer, "a")))
    writer.add_trainings((training(writer, "a"), training(writer, "m")))
    names = [one.id.removeprefix(f"{writer.claim.run_id}-") for one in store.trainings(writer.claim.run_id)]
    assert names == ["z", "a", "m"]


def test_a_planned_training_comes_back_as_it_was_and_planning_it_again_does_not_set_it_back(
    store: Store, writer: Writer, planned: str
) -> None:
    assert store.trainings(writer.claim.run_id) == (training(writer),)
    writer.add_segment(planned, point(0), "checkpoints/0", 1000)
    writer.add_trainings((training(writer),))
    assert store.trainings(writer.claim.run_id)[0].segments_done == 1


def test_segments_make_the_curve_and_name_the_newest_checkpoint(store: Store, writer: Writer, planned: str) -> None:
    assert writer.checkpoint_key(planned) is None
    assert writer.add_segment(planned, point(0), "checkpoints/0", 1200)
    assert writer.checkpoint_key(planned) == "checkpoints/0"
    assert writer.add_segment(planned, point(1), "checkpoints/1", 1300)
    assert writer.checkpoint_key(planned) == "checkpoints/1"
    [stored] = store.trainings(writer.claim.run_id)
    assert (stored.state, stored.segments_done) == (TrainingState.RUNNING, 2)
    assert stored.curve == (point(0), point(1))
    assert store.get_run(writer.claim.run_id).spending.environment_steps == 2500


def test_a_segment_that_comes_twice_counts_once(store: Store, writer: Writer, planned: str) -> None:
    writer.add_segment(planned, point(0), "checkpoints/0", 1000)
    before, events = store.record(writer.claim.run_id), store.events(writer.claim.run_id)
    assert not writer.add_segment(planned, point(0), "checkpoints/other", 1000)
    assert store.record(writer.claim.run_id) == before
    assert store.events(writer.claim.run_id) == events
    assert writer.checkpoint_key(planned) == "checkpoints/0"


def test_what_is_used_counts_for_its_iteration_and_the_final_comparison_for_none(
    store: Store, writer: Writer, planned: str
) -> None:
    run_id = writer.claim.run_id
    writer.start_iteration(1)
    writer.start_iteration(2)
    writer.add_candidate(a_candidate(writer, 2, 0))
    searched = training(writer, "2-0-s0").model_copy(
        update={"candidate_id": f"{run_id}-2-0", "reward": "candidate", "comparison": False}
    )
    writer.add_trainings((searched,))
    writer.add_segment(searched.id, point(0), "key", 1200)
    writer.add_segment(searched.id, point(1), "key", 1200)
    writer.finish_training(searched.id, RESULT, "policy", 100)
    writer.add_segment(planned, point(0), "key", 5000)
    asked = writer.intend_completion(1, 0, 0, "openai/a", ())
    writer.store_completion(asked.id, "reply", "proposed", (), Usage(usd=0.25))
    used = [(one.number, one.usd, one.environment_steps) for one in store.iterations(run_id)]
    assert used == [(1, 0.25, 0), (2, 0.0, 2500)]
    assert store.get_run(run_id).spending.environment_steps == 7500


def test_a_training_whose_checkpoint_is_gone_begins_anew(store: Store, writer: Writer, planned: str) -> None:
    writer.add_segment(planned, point(0), "gone", 1000)
    writer.begin_anew(planned)
    [training] = store.trainings(writer.claim.run_id)
    assert (training.state, training.segments_done, training.curve) == (TrainingState.QUEUED, 0, ())
    assert writer.checkpoint_key(planned) is None
    assert writer.add_segment(planned, point(0), "again", 1000)


def test_a_gap_between_segments_is_an_error(store: Store, writer: Writer, planned: str) -> None:
    with pytest.raises(StateConflict, match="has 0 of 2 segments: segment 1 cannot follow, 0 is next"):
        writer.add_segment(planned, point(1), "checkpoints/1", 1000)
    assert store.trainings(writer.claim.run_id) == (training(writer),)


def test_no_segment_follows_the_last(writer: Writer, planned: str) -> None:
    for segment in (0, 1):
        writer.add_segment(planned, point(segment), "k", 1000)
    with pytest.raises(StateConflict, match="has 2 of 2 segments"):
        writer.add_segment(planned, point(2), "k", 1000)


def test_a_figure_that_json_lacks_survives_in_a_curve(store: Store, writer: Writer, planned: str) -> None:
    writer.add_segment(planned, point(0).model_copy(update={"policy_loss": math.nan}), "k", 1000)
    assert math.isnan(store.trainings(writer.claim.run_id)[0].curve[0].policy_loss)


def test_a_training_is_finished_once(store: Store, writer: Writer, planned: str) -> None:
    assert store.policy_key(planned) is None
    for key in ("policies/one", "policies/two"):
        writer.finish_training(planned, RESULT, key, 16_000)
    [stored] = store.trainings(writer.claim.run_id)
    assert (stored.state, stored.result) == (TrainingState.FINISHED, RESULT)
    assert store.policy_key(planned) == "policies/one"
    assert store.get_run(writer.claim.run_id).spending.environment_steps == 16_000
    with pytest.raises(StateConflict, match="is finished: it cannot become failed"):
        writer.fail_training(planned, "killed")
    with pytest.raises(StateConflict, match="is finished: it takes no more segments"):
        writer.add_segment(planned, point(0), "k", 1000)


def test_a_training_whose_reward_was_at_fault_says_why(store: Store, writer: Writer, planned: str) -> None:
    for _ in range(2):
        writer.fail_training(planned, "the reward gave NaN")
    [stored] = store.trainings(writer.claim.run_id)
    assert (stored.state, stored.reason) == (TrainingState.FAILED, "the reward gave NaN")
    states = [event.state for event in store.events(writer.claim.run_id) if event.kind is EventKind.TRAINING_STATE]
    assert states == ["queued", "failed"]


def test_a_reward_at_fault_with_one_seed_fails_its_other_open_trainings_once(store: Store, writer: Writer) -> None:
    run_id = writer.claim.run_id
    for slot in (0, 1):
        writer.add_candidate(
            Candidate(
                id=f"{run_id}-1-{slot}", run_id=run_id, iteration=1, slot=slot, state=CandidateState.PROPOSED, source="pass",
                origin="proposed", created_at=datetime(2030, 1, 1, tzinfo=UTC),
            )
        )  # fmt: skip
    own = {"reward": "candidate", "comparison": False, "candidate_id": f"{run_id}-1-0"}
    names = ("s0", "s1", "s2", "final-0", "other")
    planned = {name: training(writer, name).model_copy(update=own) for name in names}
    planned["final-0"] = planned["final-0"].model_copy(update={"comparison": True})
    planned["other"] = planned["other"].model_copy(update={"candidate_id": f"{run_id}-1-1"})
    writer.add_trainings(tuple(planned.values()))
    writer.finish_training(planned["s2"].id, RESULT, "policies/s2", 0)
    assert not writer.fail_training(planned["final-0"].id, "NaN")  # in the final comparison each stands alone
    assert writer.fail_training(planned["s0"].id, "NaN")
    assert not writer.fail_training(planned["s0"].id, "NaN")
    assert [one.state.value for one in store.trainings(run_id)] == ["failed", "failed", "finished", "failed", "queued"]


def test_a_training_that_is_not_planned_is_not_found(store: Store, writer: Writer) -> None:
    with pytest.raises(NotFound, match="no training 'nowhere' is stored"):
        writer.add_segment("nowhere", point(0), "k", 1000)
    with pytest.raises(NotFound):
        store.policy_key("nowhere")


def test_the_comparison_is_kept_and_told_once(store: Store, writer: Writer) -> None:
    interval = Interval(mean=2.0, low=1.0, high=3.0)
    reward = RewardComparison(reward="human", fitness=(1.0, 2.0, 3.0), interval=interval, success_rate=0.5)
    comparison = Comparison(winner_id="w", rewards=(reward,), human_normalised=None, steps=1000)
    for _ in range(2):
        writer.set_comparison(comparison)
    assert store.get_run(writer.claim.run_id).comparison == comparison
    told = [event.text for event in store.events(writer.claim.run_id) if event.kind is EventKind.COMPARISON]
    assert told == ["final comparison: human 2"]


def test_seconds_add_up_without_an_event(store: Store, writer: Writer) -> None:
    events = store.events(writer.claim.run_id)
    store.heartbeat(writer.claim, 3600.0, worked_seconds=1.5)
    assert store.heartbeat(writer.claim, 3600.0, worked_seconds=2.0).spending.seconds == 3.5
    assert store.get_run(writer.claim.run_id).spending.seconds == 3.5
    assert store.events(writer.claim.run_id) == events
