import math
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.evolution.analyzer import analyze
from service.schema import (
    ComponentSummary,
    CurvePoint,
    EpisodeEnd,
    EpisodeSummary,
    Finding,
    Severity,
    Training,
    TrainingResult,
    TrainingState,
)

HORIZON = 1000
DT = 0.008

Component = tuple[float, float, float]
"""Mean, standard deviation and share."""


def point(
    segment: int,
    fitness: float,
    training_return: float | None = None,
    components: Mapping[str, Component] | None = None,
    success_rate: float = 0.0,
    terminated_rate: float = 0.0,
) -> CurvePoint:
    return CurvePoint(
        segment=segment,
        steps=1000 * (segment + 1),
        fitness=fitness,
        success_rate=success_rate,
        episode_length=float(HORIZON),
        terminated_rate=terminated_rate,
        training_return=training_return,
        training_length=None,
        components={
            name: ComponentSummary(mean=mean, std=std, share=share)
            for name, (mean, std, share) in (components or {}).items()
        },
        steps_per_second=1.0,
        policy_loss=0.0,
        value_loss=0.0,
        entropy=0.0,
        approximate_kl=0.0,
    )


def curve(fitness: Sequence[float], returns: Sequence[float | None] | None = None) -> list[CurvePoint]:
    return [point(segment, value, returns[segment] if returns else None) for segment, value in enumerate(fitness)]


def curve_of(**components: Sequence[Component]) -> list[CurvePoint]:
    """A curve of rising fitness with the given components in each segment."""
    length = len(next(iter(components.values())))
    return [
        point(segment, float(segment), components={name: series[segment] for name, series in components.items()})
        for segment in range(length)
    ]


def episode(
    length: int = HORIZON, end: EpisodeEnd = EpisodeEnd.TRUNCATED, success: bool = False, score: float = 0.0
) -> EpisodeSummary:
    return EpisodeSummary(score=score, success=success, length=length, end=end, total_reward=0.0, components={})


def training(points: Sequence[CurvePoint], episodes: Sequence[EpisodeSummary] = ()) -> Training:
    result = None
    if episodes:
        result = TrainingResult(best_segment=0, fitness=0.0, success_rate=0.0, episodes=tuple(episodes))
    return Training(
        id="r-0123456789-1-0-s0",
        run_id="r-0123456789",
        candidate_id="r-0123456789-1-0",
        reward="candidate",
        comparison=False,
        seed=0,
        state=TrainingState.FINISHED if result else TrainingState.FAILED,
        segments=10,
        segments_done=len(points),
        curve=tuple(points),
        result=result,
        reason=None,
    )


def findings(points: Sequence[CurvePoint], code: str, episodes: Sequence[EpisodeSummary] = ()) -> list[Finding]:
    return [finding for finding in analyze(training(points, episodes), HORIZON, DT) if finding.code == code]


def only(found: Sequence[Finding]) -> Finding:
    assert len(found) == 1
    return found[0]


def test_a_training_without_curve_and_episodes_has_no_findings() -> None:
    assert analyze(training([]), HORIZON, DT) == ()


def test_findings_come_the_most_serious_first() -> None:
    episodes = [episode(length=10, end=EpisodeEnd.TERMINATED)]
    points = curve_of(a=[(1.0, 1.0, 0.9)] * 3, b=[(0.1, 0.1, 0.1)] * 3)
    severities = [finding.severity for finding in analyze(training(points, episodes), HORIZON, DT)]
    order = [Severity.SERIOUS, Severity.WARNING, Severity.INFO]
    assert sorted(severities, key=order.index) == severities
    assert set(severities) == set(order)


# Components


def test_a_component_above_four_fifths_of_the_magnitude_dominates_from_when_it_stays_there() -> None:
    # Above 0.8 in segment 0, below in 1, above from 2 on.
    points = curve_of(
        big=[(9.0, 1.0, 0.9), (7.0, 1.0, 0.7), (8.5, 1.0, 0.85), (9.5, 1.0, 0.95)],
        small=[(1.0, 1.0, 0.1), (3.0, 1.0, 0.3), (1.5, 1.0, 0.15), (0.5, 1.0, 0.05)],
    )
    finding = only(findings(points, "dominating_component"))
    assert (finding.component, finding.value, finding.moment.segment) == ("big", 0.95, 2)
    assert "'big'" in finding.message
    assert "95%" in finding.message


def test_a_component_that_dominated_once_but_no_longer_does_not() -> None:
    points = curve_of(a=[(9.0, 1.0, 0.9), (7.0, 1.0, 0.7)], b=[(1.0, 1.0, 0.1), (3.0, 1.0, 0.3)])
    assert findings(points, "dominating_component") == []


def test_a_single_component_cannot_dominate() -> None:
    assert findings(curve_of(all=[(1.0, 1.0, 1.0)] * 3), "dominating_component") == []


def test_a_component_of_next_to_no_magnitude_is_dead() -> None:
    points = curve_of(a=[(1.0, 1.0, 0.995)] * 2, tiny=[(0.001, 0.001, 0.002), (0.001, 0.001, 0.005)])
    finding = only(findings(points, "dead_component"))
    assert (finding.component, finding.value) == ("tiny", 0.005)
    assert "0.50%" in finding.message


def test_a_component_that_was_alive_once_is_not_dead() -> None:
    points = curve_of(a=[(1.0, 1.0, 0.9), (1.0, 1.0, 0.995)], b=[(0.1, 0.1, 0.1), (0.005, 0.005, 0.005)])
    assert findings(points, "dead_component") == []


def test_a_constant_component_is_dead_where_no_episode_terminates() -> None:
    points = curve_of(a=[(1.0, 1.0, 0.5)] * 2, constant=[(1.0, 1e-6, 0.5)] * 2)
    finding = only(findings(points, "dead_component"))
    assert finding.component == "constant"
    assert "never moves" in finding.message


def test_a_constant_component_is_an_alive_bonus_where_episodes_terminate() -> None:
    alive = {"a": (1.0, 1.0, 0.5), "alive": (1.0, 0.0, 0.5)}
    points = [point(segment, float(segment), components=alive, terminated_rate=0.25) for segment in range(3)]
    assert findings(points, "dead_component") == []


def test_a_component_that_is_zero_throughout_is_dead_even_if_its_share_is_not_a_number() -> None:
    finding = only(findings(curve_of(zero=[(0.0, 0.0, math.nan)] * 2), "dead_component"))
    assert finding.value == 0.0


def test_components_whose_means_mirror_each_other_fight() -> None:
    points = curve_of(
        fast=[(1.0, 1.0, 0.6), (2.0, 1.0, 0.6), (3.0, 1.0, 0.6), (4.0, 1.0, 0.6)],
        calm=[(4.0, 1.0, 0.4), (3.0, 1.0, 0.4), (2.0, 1.0, 0.4), (1.0, 1.0, 0.4)],
    )
    finding = only(findings(points, "fighting_components"))
    assert finding.value == pytest.approx(-1.0)
    assert "'fast'" in finding.message
    assert "'calm'" in finding.message


def test_three_segments_are_too_few_to_see_a_fight() -> None:
    points = curve_of(
        fast=[(1.0, 1.0, 0.6), (2.0, 1.0, 0.6), (3.0, 1.0, 0.6)],
        calm=[(3.0, 1.0, 0.4), (2.0, 1.0, 0.4), (1.0, 1.0, 0.4)],
    )
    assert findings(points, "fighting_components") == []


def test_a_component_of_little_weight_does_not_fight() -> None:
    points = curve_of(
        fast=[(1.0, 1.0, 0.95), (2.0, 1.0, 0.95), (3.0, 1.0, 0.95), (4.0, 1.0, 0.95)],
        calm=[(0.4, 1.0, 0.05), (0.3, 1.0, 0.05), (0.2, 1.0, 0.05), (0.1, 1.0, 0.05)],
    )
    assert findings(points, "fighting_components") == []


def test_each_component_that_moves_is_correlated_with_the_fitness() -> None:
    # Fitness 0, 1, 2: `up` is on a rising line with it, `down` on a falling one, `still` does not move.
    points = curve_of(
        up=[(1.0, 1.0, 0.4), (2.0, 1.0, 0.4), (3.0, 1.0, 0.4)],
        down=[(-1.0, 1.0, 0.3), (-2.0, 1.0, 0.3), (-3.0, 1.0, 0.3)],
        still=[(1.0, 1.0, 0.3)] * 3,
    )
    found = {finding.component: finding.value for finding in findings(points, "component_correlation")}
    assert found == {"up": pytest.approx(1.0), "down": pytest.approx(-1.0)}


# The fitness over the training


def test_return_that_rises_while_fitness_falls_is_reward_hacking_from_where_they_part() -> None:
    # Both rise to segment 2; then the return goes on and the fitness goes back below its start.
    points = curve([1.0, 2.0, 3.0, 1.5, 0.5, 0.2], [10.0, 20.0, 30.0, 60.0, 80.0, 100.0])
    finding = only(findings(points, "reward_hacking"))
    # Ranks of the fitness 3, 5, 6, 4, 2, 1 against 1 to 6: squared differences 4 + 9 + 9 + 0 + 9 + 25 = 56, and
    # 1 - 6 * 56 / (6 * 35) = -0.6.
    assert finding.value == pytest.approx(-0.6)
    assert finding.severity is Severity.SERIOUS
    assert finding.moment.segment == 2
    assert "falls" in finding.message


def test_return_that_rises_over_a_constant_fitness_is_reward_hacking_and_nothing_else() -> None:
    points = curve([0.5] * 5, [1.0, 2.0, 3.0, 4.0, 5.0])
    finding = only(findings(points, "reward_hacking"))
    assert (finding.value, finding.moment.segment) == (0.0, 0)
    assert findings(points, "never_improved") == []


def test_return_and_fitness_that_rise_together_are_no_hacking() -> None:
    assert findings(curve([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0]), "reward_hacking") == []


def test_three_segments_are_too_few_to_see_hacking() -> None:
    assert findings(curve([3.0, 2.0, 1.0], [1.0, 2.0, 3.0]), "reward_hacking") == []


def test_segments_in_which_no_episode_ended_have_no_return_and_are_left_out() -> None:
    # Without segments 0 and 3 the returns 1, 2, 3, 4 rise and the fitness 4, 3, 2, 1 falls.
    points = curve([9.0, 4.0, 3.0, 9.0, 2.0, 1.0], [None, 1.0, 2.0, None, 3.0, 4.0])
    assert only(findings(points, "reward_hacking")).moment.segment == 1


def test_fitness_that_stays_at_its_start_never_improved() -> None:
    # The best later segment is 0.05 above the first, less than a tenth of it.
    finding = only(findings(curve([1.0, 1.05, 0.9, 1.0]), "never_improved"))
    assert finding.value == pytest.approx(0.05)
    assert finding.severity is Severity.SERIOUS


def test_a_rise_within_the_error_of_the_evaluation_is_no_improvement() -> None:
    # Scores 0, 0, 2, 2: standard deviation sqrt(4 / 3), error half of it, twice that is 1.155, above the rise of 1.
    episodes = [episode(score=score) for score in (0.0, 0.0, 2.0, 2.0)]
    assert len(findings(curve([1.0, 2.0, 1.5]), "never_improved", episodes)) == 1
    assert findings(curve([1.0, 2.5, 1.5]), "never_improved", episodes) == []


def test_a_task_solved_from_the_first_segment_need_not_improve() -> None:
    points = [point(segment, 8.0, success_rate=0.75) for segment in range(4)]
    assert findings(points, "never_improved") == []


def test_fitness_that_was_best_early_and_fell_peaked_early() -> None:
    # Best 4 in segment 1 of 0 to 4; the last two average 1; 3 lost of a range of 3.5.
    finding = only(findings(curve([0.5, 4.0, 3.0, 1.5, 0.5]), "peaked_early"))
    assert (finding.value, finding.moment.segment) == (pytest.approx(3.0), 1)


def test_a_best_segment_near_the_end_or_a_small_loss_is_no_early_peak() -> None:
    assert findings(curve([0.0, 1.0, 2.0, 3.0, 4.0, 2.0]), "peaked_early") == []
    assert findings(curve([0.0, 4.0, 3.9, 3.8, 3.9]), "peaked_early") == []


def test_fitness_that_collapses_again_and_again_is_unstable() -> None:
    # Range 5: falls by 4 (segment 2) and by 5 (segment 4) are above 0.4 * 5 = 2.
    finding = only(findings(curve([1.0, 4.0, 0.0, 5.0, 0.0, 3.0]), "unstable"))
    assert (finding.value, finding.moment.segment) == (5.0, 4)


def test_one_collapse_is_not_yet_unstable() -> None:
    assert findings(curve([1.0, 4.0, 0.0, 5.0, 6.0]), "unstable") == []


def test_the_trend_of_the_fitness_is_always_told() -> None:
    finding = only(findings(curve([1.0, 3.0, 2.0]), "fitness_trend"))
    assert (finding.value, finding.moment.segment, finding.severity) == (1.0, 1, Severity.INFO)
    assert only(findings(curve([7.0]), "fitness_trend")).value == 0.0


# Evaluated episodes


def test_early_termination_tells_how_many_when_and_which_first() -> None:
    # 3 of 4 terminate, at 300, 100 and 200 steps: median 200 steps = 1.6 s; the earliest is episode 2 at 0.8 s.
    ended = EpisodeEnd.TERMINATED
    episodes = [episode(300, ended), episode(), episode(100, ended), episode(200, ended)]
    finding = only(findings([], "early_termination", episodes))
    assert (finding.value, finding.severity) == (0.75, Severity.SERIOUS)
    assert (finding.moment.episode, finding.moment.seconds) == (2, pytest.approx(0.8))
    assert "3 of 4" in finding.message
    assert "step 200 of 1000 (1.60 s)" in finding.message


def test_a_termination_late_or_rare_is_only_a_warning() -> None:
    ended = EpisodeEnd.TERMINATED
    late = findings([], "early_termination", [episode(900, ended)])
    rare = findings([], "early_termination", [episode(100, ended), episode(), episode()])
    assert [only(found).severity for found in (late, rare)] == [Severity.WARNING] * 2


def test_the_time_limit_and_a_reached_goal_are_no_early_termination() -> None:
    reached = episode(50, EpisodeEnd.TERMINATED, success=True)
    at_the_limit = episode(HORIZON, EpisodeEnd.TERMINATED)
    assert findings([], "early_termination", [episode(), reached, at_the_limit]) == []


def test_success_is_the_share_of_episodes_that_succeed() -> None:
    finding = only(findings([], "success", [episode(), episode(success=True), episode(success=True), episode()]))
    assert (finding.value, finding.moment.episode) == (0.5, 1)


NUMBER = st.floats(-1e6, 1e6)
ANY = NUMBER | st.sampled_from([math.nan, math.inf, -math.inf])


@st.composite
def trainings(draw: st.DrawFn) -> Training:
    """Any training: short and long curves, missing returns, values that are not finite."""
    names = draw(st.lists(st.sampled_from("abcd"), unique=True, max_size=4))
    points = [
        point(
            segment,
            draw(ANY),
            draw(st.none() | ANY),
            {name: (draw(ANY), abs(draw(ANY)), draw(st.floats(0.0, 1.0) | st.just(math.nan))) for name in names},
            success_rate=draw(st.floats(0.0, 1.0)),
            terminated_rate=draw(st.floats(0.0, 1.0)),
        )
        for segment in range(draw(st.integers(0, 8)))
    ]
    episodes = [
        episode(draw(st.integers(1, HORIZON)), draw(st.sampled_from(EpisodeEnd)), draw(st.booleans()), draw(ANY))
        for _ in range(draw(st.integers(0, 4)))
    ]
    return training(points, episodes)


@settings(deadline=None, derandomize=True)
@given(any_training=trainings())
def test_any_training_is_analyzed_into_findings_whose_figures_are_finite(any_training: Training) -> None:
    for finding in analyze(any_training, HORIZON, DT):
        assert finding.value is None or math.isfinite(finding.value)
        assert "nan" not in finding.message
        assert "inf" not in finding.message.replace("info", "")
