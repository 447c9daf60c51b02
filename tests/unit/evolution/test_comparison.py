import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.evolution.comparison import compare, gap, interval, mean_interval, stored_rewards
from service.evolution.seeds import comparison_seeds
from service.schema import RewardKind, Training, TrainingResult, TrainingState
from tests.unit.baselines.example import made

WINNER = "r-0123456789-2-1"


def training(
    reward: RewardKind, seed: int, fitness: float | None, success_rate: float = 0.0, comparison: bool = True
) -> Training:
    """A finished training of the final comparison, or one that failed where `fitness` is None."""
    result = None
    if fitness is not None:
        result = TrainingResult(best_segment=0, fitness=fitness, success_rate=success_rate, episodes=())
    return Training(
        id=f"r-0123456789-final-{reward}-{seed}",
        run_id="r-0123456789",
        candidate_id=WINNER if reward == "candidate" else None,
        reward=reward,
        comparison=comparison,
        seed=seed,
        state=TrainingState.FAILED if result is None else TrainingState.FINISHED,
        segments=1,
        segments_done=1,
        curve=(),
        result=result,
        reason=None,
    )


def trainings(reward: RewardKind, *fitness: float | None) -> list[Training]:
    return [training(reward, seed, value) for seed, value in enumerate(fitness)]


def test_the_interquartile_mean_leaves_out_the_outer_quarters() -> None:
    # A quarter of 8 is 2 from either end: (3 + 4 + 5 + 6) / 4 = 4.5, whatever the extremes are.
    assert interval([-900.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 1000.0]).mean == pytest.approx(4.5)


def test_of_five_seeds_the_middle_three_count() -> None:
    # 0.25 * 5 is cut down to 1 from either end: (2 + 4 + 9) / 3 = 5.
    assert interval([1.0, 2.0, 4.0, 9.0, 100.0]).mean == pytest.approx(5.0)


def test_the_interval_of_two_values_reaches_from_one_to_the_other() -> None:
    # Of two values a quarter of all resamples is (a, a) and a quarter (b, b): the outer 2.5% lie within those.
    found = interval([1.0, 3.0])
    assert (found.low, found.mean, found.high) == (1.0, 2.0, 3.0)


def test_the_interval_of_a_plain_mean_counts_every_seed() -> None:
    # An outlier that the interquartile mean leaves out: (0 + 0 + 0 + 8) / 4 = 2, with resamples from all 0 to mostly 8.
    found = mean_interval([0.0, 0.0, 0.0, 8.0])
    assert interval([0.0, 0.0, 0.0, 8.0]).mean == 0.0
    assert found.mean == 2.0
    # Of four draws k are 8 with chance C(4,k) (1/4)^k (3/4)^(4-k): none 32%, more than two 5%, more than three 0.4%.
    assert (found.low, found.high) == (0.0, 6.0)


def test_one_value_has_no_spread() -> None:
    found = interval([0.7])
    assert (found.low, found.mean, found.high) == (0.7, 0.7, 0.7)


@pytest.mark.parametrize("bad", [[], [1.0, float("nan")], [float("inf")]])
def test_no_interval_without_finite_values(bad: list[float]) -> None:
    with pytest.raises(ValueError, match="all finite"):
        interval(bad)


FITNESS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=12)


@settings(deadline=None, derandomize=True)
@given(values=FITNESS)
def test_an_interval_holds_its_mean_and_lies_within_the_values(values: list[float]) -> None:
    found = interval(values)
    slack = 1e-9 * max(abs(value) for value in values)
    assert found.low <= found.mean <= found.high
    assert min(values) - slack <= found.low
    assert found.high <= max(values) + slack


@settings(deadline=None, derandomize=True)
@given(values=FITNESS, seed=st.integers(0, 100))
def test_the_same_values_and_seed_give_the_same_interval(values: list[float], seed: int) -> None:
    assert interval(values, seed) == interval(values, seed)


@settings(deadline=None, derandomize=True)
@given(values=FITNESS)
def test_better_seeds_never_give_a_worse_interval(values: list[float]) -> None:
    plain, better = interval(values), interval([value + 10.0 for value in values])
    assert better.mean == pytest.approx(plain.mean + 10.0, abs=1e-6)
    assert better.low == pytest.approx(plain.low + 10.0, abs=1e-6)


def test_each_reward_is_reported_with_the_fitness_of_every_seed_in_order_of_seeds() -> None:
    given_order = [
        training("sparse", 1, 0.2),
        training("candidate", 1, 3.0, success_rate=1.0),
        training("human", 0, 2.0),
        training("candidate", 0, 2.0, success_rate=0.5),
        training("sparse", 0, 0.1),
        training("human", 1, 2.5),
    ]
    found = compare(WINNER, given_order, steps=5000)
    assert [(reward.reward, reward.fitness) for reward in found.rewards] == [
        ("candidate", (2.0, 3.0)),
        ("human", (2.0, 2.5)),
        ("sparse", (0.1, 0.2)),
    ]
    assert found.rewards[0].success_rate == pytest.approx(0.75)
    assert (found.winner_id, found.steps) == (WINNER, 5000)


def test_human_normalised_is_the_gain_over_sparse_in_units_of_the_human_reward() -> None:
    # Middle three of five: ours 3, human 2, sparse 1, so (3 - 1) / |2 - 1| = 2.
    found = compare(
        WINNER,
        trainings("candidate", 2.8, 2.9, 3.0, 3.1, 3.2)
        + trainings("human", 1.8, 1.9, 2.0, 2.1, 2.2)
        + trainings("sparse", 0.8, 0.9, 1.0, 1.1, 1.2),
        steps=1,
    ).human_normalised
    assert found is not None
    assert found.mean == pytest.approx(2.0)
    # The furthest resamples: ours 2.8 against 3.2, human and sparse 0.6 to 1.4 apart.
    assert 1.0 < found.low < 2.0 < found.high < 4.0


def test_a_human_reward_below_the_sparse_one_keeps_the_sign_of_the_gain() -> None:
    # Human 1, sparse 2, ours 3: (3 - 2) / |1 - 2| = +1.
    found = compare(
        WINNER, trainings("candidate", 3.0, 3.0) + trainings("human", 1.0, 1.0) + trainings("sparse", 2.0, 2.0), steps=1
    ).human_normalised
    assert found is not None
    assert (found.low, found.mean, found.high) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("human", "sparse"),
    [
        ((1.0, 1.0, 1.0), (1.0, 1.0, 1.0)),  # the same
        ((0.0, 1.0, 2.0), (0.5, 1.0, 1.4)),  # the intervals lie over each other
        ((5.0,), (1.0,)),  # one seed each: no spread is known
    ],
)
def test_human_normalised_is_left_out_where_human_and_sparse_cannot_be_told_apart(
    human: tuple[float, ...], sparse: tuple[float, ...]
) -> None:
    found = compare(
        WINNER, trainings("candidate", 3.0, 3.1) + trainings("human", *human) + trainings("sparse", *sparse), steps=1
    )
    assert found.human_normalised is None
    assert len(found.rewards) == 3


def test_a_failed_seed_gives_no_figure() -> None:
    found = compare(WINNER, trainings("candidate", 2.0, None, 4.0), steps=1)
    assert found.rewards[0].fitness == (2.0, 4.0)
    assert found.rewards[0].interval.mean == 3.0


def test_a_reward_none_of_whose_trainings_finished_is_missing() -> None:
    found = compare(
        WINNER, trainings("candidate", None, None) + trainings("human", 2.0, 2.0) + trainings("sparse", 1.0, 1.0), 1
    )
    assert [reward.reward for reward in found.rewards] == ["human", "sparse"]
    assert found.human_normalised is None


def test_trainings_of_the_search_are_not_part_of_the_comparison() -> None:
    search = training("candidate", 0, 100.0, comparison=False)
    found = compare(WINNER, [search, *trainings("candidate", 1.0, 2.0)], steps=1)
    assert found.rewards[0].fitness == (1.0, 2.0)


def test_the_gap_is_human_minus_sparse_with_the_furthest_resamples_apart() -> None:
    # Of two values each, the furthest resamples are (6, 6) against (1, 1) and (4, 4) against (2, 2): 2 to 5 apart.
    found = gap([4.0, 6.0], [1.0, 2.0])
    assert found is not None
    assert (found.low, found.mean, found.high) == (2.0, 3.5, 5.0)


def test_of_a_single_seed_no_gap_is_known() -> None:
    assert gap([4.0], [1.0, 2.0]) is None
    assert gap([4.0, 5.0], [1.0]) is None


def test_fewer_seeds_of_a_comparison_are_the_first_of_more_and_never_those_of_a_search() -> None:
    assert comparison_seeds(3, 0) == comparison_seeds(5, 0)[:3]
    assert not {*comparison_seeds(5, 0)} & {*comparison_seeds(5, 1), 0, 1}


def test_what_a_baseline_holds_of_the_seeds_is_compared_and_marked_as_stored() -> None:
    # ours 5 and 5, human 3 and 3, sparse 1 and 1: (5 - 1) / |3 - 1| = 2
    stored = stored_rewards(made(), [2, 1])
    found = compare(WINNER, trainings("candidate", 5.0, 5.0), 1, stored)
    assert [(reward.reward, reward.fitness, reward.stored) for reward in found.rewards] == [
        ("candidate", (5.0, 5.0), False),
        ("human", (3.0, 3.0), True),
        ("sparse", (1.0, 1.0), True),
    ]
    assert found.rewards[1].success_rate == 0.5
    assert found.human_normalised is not None
    assert found.human_normalised.mean == 2.0


def test_fewer_seeds_than_a_baseline_has_are_enough() -> None:
    assert [reward.fitness for reward in stored_rewards(made(), [2])] == [(3.0,), (1.0,)]


def test_a_baseline_that_lacks_a_seed_is_not_compared_at_all() -> None:
    assert stored_rewards(made(), [1, 2, 3]) == ()
