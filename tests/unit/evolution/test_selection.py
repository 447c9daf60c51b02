from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from service.evolution.selection import best_training, select_parents, winner
from service.schema import Candidate, CandidateState, CurvePoint, Training, TrainingResult, TrainingState


def candidate(
    iteration: int,
    slot: int,
    fitness: float | None,
    success_rate: float | None = None,
    state: CandidateState = CandidateState.TRAINED,
) -> Candidate:
    return Candidate(
        id=f"r-0123456789-{iteration}-{slot}",
        run_id="r-0123456789",
        iteration=iteration,
        slot=slot,
        state=state,
        source="",
        origin="proposed",
        fitness=fitness,
        success_rate=success_rate,
        created_at=datetime(2025, 1, 1, tzinfo=UTC),
    )


def test_the_best_of_all_iterations_are_parents_best_first() -> None:
    old_best, middle, new = candidate(1, 0, 3.0), candidate(2, 0, 2.0), candidate(3, 0, 1.0)
    assert select_parents([middle, new, old_best], 2) == (old_best, middle)


def test_only_trained_candidates_with_a_finite_fitness_are_parents() -> None:
    pruned = candidate(1, 0, 9.0, state=CandidateState.PRUNED)
    unknown = candidate(1, 1, None)
    nothing = candidate(1, 2, float("nan"))
    endless = candidate(1, 3, float("inf"))
    trained = candidate(1, 4, -5.0)
    assert select_parents([pruned, unknown, nothing, endless, trained], 4) == (trained,)


def test_a_tie_goes_to_the_higher_success_rate_before_the_earlier_place() -> None:
    early, late = candidate(1, 0, 2.0, success_rate=0.25), candidate(2, 0, 2.0, success_rate=0.5)
    assert select_parents([early, late], 2) == (late, early)


def test_a_full_tie_goes_to_the_earlier_iteration_then_the_lower_slot() -> None:
    a, b, c = candidate(1, 3, 2.0), candidate(2, 0, 2.0), candidate(2, 10, 2.0)
    assert select_parents([c, b, a], 3) == (a, b, c)


def test_the_winner_is_the_first_parent() -> None:
    best = candidate(2, 1, 4.0)
    assert winner([candidate(1, 0, 3.9), best]) == best


def test_there_is_no_winner_where_nothing_was_trained() -> None:
    assert winner([candidate(1, 0, None, state=CandidateState.REJECTED)]) is None


def training(name: str, *curve: float, fitness: float | None = None, comparison: bool = False) -> Training:
    """A training of candidate 1-0 with these evaluations, finished with `fitness` where it is given."""
    points = tuple(
        CurvePoint(
            segment=segment, steps=1000, fitness=value, success_rate=0.0, episode_length=1.0, terminated_rate=0.0,
            training_return=None, training_length=None, components={}, steps_per_second=1.0, policy_loss=0.0, value_loss=0.0,
            entropy=0.0, approximate_kl=0.0,
        )
        for segment, value in enumerate(curve)
    )  # fmt: skip
    result = None if fitness is None else TrainingResult(best_segment=0, fitness=fitness, success_rate=0.0, episodes=())
    return Training(
        id=name, run_id="r", candidate_id="r-0123456789-1-0", reward="candidate", comparison=comparison, seed=0,
        state=TrainingState.RUNNING if result is None else TrainingState.FINISHED, segments=3, segments_done=len(curve),
        curve=points, result=result, reason=None,
    )  # fmt: skip


def best_of(*trainings: Training) -> str | None:
    best = best_training(trainings, "r-0123456789-1-0")
    return None if best is None else best.id


def test_of_several_seeds_the_one_with_the_best_confirmed_fitness_stands_for_the_candidate() -> None:
    assert best_of(training("a", 9.0, fitness=1.0), training("b", 2.0, fitness=2.0), training("c", 9.0)) == "b"
    assert best_of(training("a", fitness=1.0), training("b", fitness=1.0)) == "a"  # of equals the first


def test_where_no_seed_is_finished_the_best_evaluation_counts() -> None:
    assert (
        best_of(training("a", 1.0, 0.0), training("b", 0.5, 3.0, 0.0), training("c", float("nan")), training("d"))
        == "b"
    )


def test_the_final_comparison_and_other_candidates_do_not_stand_for_a_candidate() -> None:
    other = training("b", fitness=9.0).model_copy(update={"candidate_id": "r-0123456789-1-1"})
    assert best_of(training("final", fitness=9.0, comparison=True), other, training("a", fitness=1.0)) == "a"
    assert best_of(other) is None


PLACES = [(iteration, slot) for iteration in range(1, 4) for slot in range(3)]


@settings(deadline=None, derandomize=True)
@given(
    fitness=st.lists(st.sampled_from([0.0, 1.0, 2.0]), min_size=len(PLACES), max_size=len(PLACES)),
    order=st.permutations(range(len(PLACES))),
    count=st.integers(1, 10),
)
def test_parents_do_not_depend_on_the_order_candidates_come_in(
    fitness: list[float], order: list[int], count: int
) -> None:
    candidates = [candidate(*place, value) for place, value in zip(PLACES, fitness, strict=True)]
    assert select_parents([candidates[place] for place in order], count) == select_parents(candidates, count)
