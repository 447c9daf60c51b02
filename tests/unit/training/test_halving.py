"""The rule of successive halving, by tables worked out by hand and by what must hold for any scores."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.schema import CurvePoint, HalvingConfig
from service.training.halving import Score, Standing, Stop, cut_of, rungs, score_at, standing, survivors

STRICT = HalvingConfig(eta=3, fewest=2, errors=0.0, margin=0.0)
ANY_FLOAT = st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf, -math.inf])
SCORES = st.dictionaries(st.text("abcdef", min_size=1, max_size=3), ANY_FLOAT, min_size=1, max_size=24)
CONFIGS = st.builds(
    HalvingConfig,
    eta=st.integers(2, 5),
    fewest=st.integers(1, 6),
    errors=st.floats(0, 3),
    margin=st.floats(0, 3),
)


def exact(**values: float) -> dict[str, Score]:
    """Scores that are known without error."""
    return {name: Score(value, 0.0) for name, value in values.items()}


def point(segment: int, fitness: float, error: float | None = None) -> CurvePoint:
    return CurvePoint(
        segment=segment,
        steps=(segment + 1) * 1000,
        fitness=fitness,
        fitness_error=error,
        success_rate=0.0,
        episode_length=100.0,
        terminated_rate=1.0,
        training_return=None,
        training_length=None,
        components={},
        steps_per_second=1.0,
        policy_loss=0.0,
        value_loss=0.0,
        entropy=0.0,
        approximate_kl=0.0,
    )


def curve(*fitness: float) -> list[CurvePoint]:
    return [point(segment, value) for segment, value in enumerate(fitness)]


@pytest.mark.parametrize(
    ("segments", "eta", "expected"),
    [
        (10, 3, (1, 3)),  # 10/3 = 3.3, 10/9 = 1.1, 10/27 = 0.4
        (10, 2, (1, 3, 5)),  # 5, 2.5, 1.25, 0.6: halves are rounded up, and 1 comes twice
        (10, 4, (1, 3)),  # 2.5, 0.6
        (8, 3, (1, 3)),  # 2.7, 0.9
        (4, 3, (1,)),  # 1.3, 0.4
        (2, 3, (1,)),  # 0.7, 0.2
        (1, 3, ()),  # 0.3: nothing to compare before the end
        (1, 2, ()),  # 0.5 is rounded to 1, which is the end
    ],
)
def test_rungs_are_geometric(segments: int, eta: int, expected: tuple[int, ...]) -> None:
    assert rungs(segments, eta) == expected


@pytest.mark.parametrize("candidates", range(8, 65))
def test_a_generation_of_eight_or_more_takes_at_most_a_third_of_the_steps_where_nobody_stays_for_noise(
    candidates: int,
) -> None:
    config = HalvingConfig(errors=0.0, margin=0.0)
    names = [str(i) for i in range(candidates)]
    trained, before = 0, 0
    for rung in rungs(10, config.eta):
        trained += len(names) * (rung - before)
        before = rung
        names = sorted(survivors({name: Score(float(name), 0.0) for name in names}, config))
    trained += len(names) * (10 - before)
    assert trained <= candidates * 10 / 3


@pytest.mark.parametrize(
    ("scores", "config", "expected"),
    [
        # 7 // 3 = 2 places: the cut is 6
        (exact(a=1, b=2, c=3, d=4, e=5, f=6, g=7), STRICT, "fg"),
        # 4 // 3 = 1, but two always go on
        (exact(a=1, b=2, c=3, d=4), STRICT, "cd"),
        (exact(a=1, b=2), STRICT, "ab"),
        (exact(a=1), STRICT, "a"),
        # the cut is 3, and three have it
        (exact(a=1, b=3, c=3, d=3), STRICT, "bcd"),
        # a is 0.5 below the cut of 2: within one error of 0.5, not within half of one
        ({**exact(b=2, c=3), "a": Score(1.5, 0.5)}, STRICT.model_copy(update={"errors": 1.0}), "abc"),
        ({**exact(b=2, c=3), "a": Score(1.5, 0.5)}, STRICT.model_copy(update={"errors": 0.5}), "bc"),
        # deviations from the mean 1.5: 1.5, 0.5, 0.5, 1.5; variance 5 / 4, deviation 1.118: the cut 2 less 1.118 leaves b
        (exact(a=0, b=1, c=2, d=3), STRICT.model_copy(update={"margin": 1.0}), "bcd"),
        (exact(a=0, b=1, c=2, d=3), STRICT.model_copy(update={"margin": 0.8}), "cd"),  # 2 - 0.894 > 1
        # what is not finite never goes on, nor does it move the cut
        (exact(a=math.nan, b=math.inf, c=-math.inf, d=0, e=-1), STRICT, "de"),
        (exact(a=math.nan, b=math.inf), STRICT, ""),
        (exact(a=math.nan, b=1), STRICT, "b"),
    ],
)
def test_the_best_go_on_and_whoever_is_within_noise_of_them(
    scores: dict[str, Score], config: HalvingConfig, expected: str
) -> None:
    assert survivors(scores, config) == frozenset(expected)


@settings(derandomize=True, deadline=None)
@given(SCORES, CONFIGS)
def test_the_best_and_at_least_the_fewest_go_on_whatever_the_scores(
    values: dict[str, float], config: HalvingConfig
) -> None:
    kept = survivors({name: Score(value, 0.0) for name, value in values.items()}, config)
    finite = {name: value for name, value in values.items() if math.isfinite(value)}
    assert kept <= finite.keys()
    assert len(kept) >= min(config.fewest, len(finite))
    best = max(finite.values(), default=None)
    assert {name for name, value in finite.items() if value == best} <= kept
    lowest = min((finite[name] for name in kept), default=-math.inf)
    assert all(value < lowest for name, value in finite.items() if name not in kept)


@settings(derandomize=True, deadline=None)
@given(SCORES, CONFIGS, st.randoms(use_true_random=False))
def test_the_order_of_the_scores_does_not_matter(
    values: dict[str, float], config: HalvingConfig, random: Random
) -> None:
    names = list(values)
    random.shuffle(names)
    scores = {name: Score(value, 0.1) for name, value in values.items()}
    assert survivors({name: scores[name] for name in names}, config) == survivors(scores, config)


@settings(derandomize=True, deadline=None)
@given(st.dictionaries(st.text("abc", max_size=3), st.integers(-(10**12), 10**12), min_size=1, max_size=20))
def test_with_a_wide_margin_all_stay(values: dict[str, int]) -> None:
    # Of n values none is further from another than sqrt(2 n) standard deviations: 6.4 for 20.
    scores = {name: Score(value / 1e6, 0.0) for name, value in values.items()}
    assert survivors(scores, HalvingConfig(margin=10.0)) == values.keys()


@settings(derandomize=True, deadline=None)
@given(st.integers(1, 20), st.floats(-1e6, 1e6), CONFIGS)
def test_equals_all_stay(count: int, value: float, config: HalvingConfig) -> None:
    assert len(survivors({str(i): Score(value, 0.0) for i in range(count)}, config)) == count


def test_a_score_is_the_best_so_far_and_not_the_last() -> None:
    points = [point(0, 1.0, 0.1), point(1, 3.0, 0.3), point(2, 2.0, 0.2), point(3, 9.0, 0.9)]
    assert score_at([points], 3) == Score(3.0, 0.3)  # the fourth point is beyond the rung
    assert score_at([points], 1) == Score(1.0, 0.1)
    assert score_at([[point(0, 1.0)]], 1) == Score(1.0, 0.0)  # one evaluation episode: no error is known


def test_a_score_over_seeds_is_their_mean_and_its_error_that_of_the_mean() -> None:
    # best of each: 2 and 4; mean 3, deviation sqrt(2), error sqrt(2) / sqrt(2) = 1
    score = score_at([curve(2.0, 1.0), curve(3.0, 4.0)], 2)
    assert score.value == 3.0
    assert score.error == pytest.approx(1.0)


@pytest.mark.parametrize("fitness", [math.nan, math.inf])
def test_a_seed_without_a_finite_score_leaves_its_candidate_without_one(fitness: float) -> None:
    assert not math.isfinite(score_at([curve(1.0), curve(fitness)], 1).value)
    assert not math.isfinite(score_at([curve(fitness)], 1).value)
    assert score_at([curve(math.nan, 1.0)], 2).value == 1.0  # it had a policy that could be judged


GENERATION = {name: [curve(*fitness)] for name, fitness in {
    "a": (4.0, 4.0, 4.0, 4.0), "b": (3.0, 3.0, 9.0), "c": (2.0, 8.0, 8.0), "d": (1.0,), "e": (0.0,), "f": (0.0,),
    "g": (2.5, 2.5, 2.5), "h": (0.0,), "i": (0.0,),
}.items()}  # fmt: skip
FIRST = {name: Stop(1, GENERATION[name][0][0].fitness, 2.5) for name in "cdefhi"}


def test_a_generation_waits_for_all_who_are_still_in_training() -> None:
    # Nine candidates: three places at the first rung; c trained on to 8.0, which it was not asked for, and is stopped all the same.
    assert standing(GENERATION, set("abg"), 10, STRICT) == Standing({**FIRST, "g": Stop(3, 2.5, 4.0)}, None)
    behind = {**GENERATION, "b": [curve(3.0, 3.0)]}
    assert standing(behind, set("abg"), 10, STRICT) == Standing(FIRST, 3)
    assert standing({name: [[]] for name in "abc"}, set("abc"), 10, STRICT) == Standing({}, 1)


def test_a_candidate_at_fault_takes_no_part_from_there_on() -> None:
    # b failed in its third segment: of a and g both go on.
    behind = {**GENERATION, "b": [curve(3.0, 3.0)]}
    assert standing(behind, set("ag"), 10, STRICT) == Standing(FIRST, None)


def test_a_candidate_of_whose_seeds_one_failed_takes_no_part() -> None:
    generation = {
        "a": [curve(1.0), curve(1.0)],
        "b": [curve(2.0), curve(2.0)],
        "c": [curve(9.0), []],
        "d": [curve(3.0), curve(3.0)],
    }
    assert standing(generation, set("abd"), 4, STRICT) == Standing({"a": Stop(1, 1.0, 2.0)}, None)


@settings(derandomize=True, deadline=None)
@given(
    st.dictionaries(
        st.text("abcde", min_size=1, max_size=2),
        st.lists(st.floats(-9, 9), min_size=10, max_size=10),
        min_size=1,
        max_size=12,
    )
)
def test_what_was_decided_stays_decided_as_the_curves_grow(fitness: dict[str, list[float]]) -> None:
    config = HalvingConfig(margin=0.1)
    whole = {name: [curve(*values)] for name, values in fitness.items()}
    final = standing(whole, whole.keys(), 10, config)
    for rung in (1, 3, 5):
        cut = {name: [curves[0][:rung]] for name, curves in whole.items()}
        early = standing(cut, whole.keys() - final.stopped.keys(), 10, config)
        assert early.stopped == {name: stop for name, stop in final.stopped.items() if stop.rung <= rung}


def test_the_cut_is_the_last_place_among_finite_scores() -> None:
    assert cut_of(exact(a=1, b=2, c=3, d=4, e=5, f=6, g=7), STRICT) == 6
    assert cut_of(exact(a=1, b=math.nan), STRICT) == -math.inf
