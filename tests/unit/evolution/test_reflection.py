"""The words that a training becomes."""

from __future__ import annotations

from datetime import UTC, datetime

from service.evolution.reflection import reflect
from service.schema import (
    Candidate,
    CandidateState,
    ComponentSummary,
    CurvePoint,
    EpisodeEnd,
    EpisodeSummary,
    Interval,
    Training,
    TrainingResult,
    TrainingState,
    Verdict,
)

CANDIDATE = Candidate(
    id="r-1-0", run_id="r", iteration=1, slot=0, state=CandidateState.TRAINED, source="", origin="sampled",
    created_at=datetime(2030, 1, 1, tzinfo=UTC),
)  # fmt: skip


def point(segment: int, fitness: float, progress: float, share: float = 0.5, name: str = "progress") -> CurvePoint:
    return CurvePoint(
        segment=segment, steps=1000 * (segment + 1), fitness=fitness, success_rate=0.0, episode_length=100.0 + segment,
        terminated_rate=1.0, training_return=None if segment == 0 else 2.0 * segment, training_length=None,
        components={name: ComponentSummary(mean=progress, std=1.0, share=share)}, steps_per_second=1.0, policy_loss=0.0,
        value_loss=0.0, entropy=0.0, approximate_kl=0.0,
    )  # fmt: skip


def training(*curve: CurvePoint, result: TrainingResult | None = None, reason: str | None = None) -> Training:
    return Training(
        id="r-1-0-s0", run_id="r", candidate_id="r-1-0", reward="candidate", comparison=False, seed=0,
        state=TrainingState.FINISHED, segments=20, segments_done=len(curve), curve=curve, result=result, reason=reason,
    )  # fmt: skip


def test_fitness_lengths_and_every_component_are_followed_over_training() -> None:
    text = reflect(CANDIDATE, training(point(0, 1.0, 0.5), point(1, 3.0, 0.25, share=0.8)))
    assert "Trained for 2 of 20 segments. Figures are taken at 2 moments, after 1000 to 2000 environment steps." in text
    assert "- fitness: [1, 3], mean 2, min 1, max 3" in text
    assert "- episode length in steps: [100, 101], mean 100, min 100, max 101" in text
    assert "- share of episodes that end early: [1, 1], mean 1, min 1, max 1" in text
    # No episode ended in the first segment.
    assert "- sum of rewards per episode: [-, 2], mean 2, min 2, max 2" in text
    assert "- progress: [0.5, 0.25], mean 0.375, min 0.25, max 0.5; 80% of the reward's magnitude at the end" in text


def test_the_best_policy_is_told_with_its_episodes() -> None:
    episodes = tuple(
        EpisodeSummary(score=score, success=False, length=length, end=end, total_reward=0.0, components={})
        for score, length, end in ((1.5, 80, EpisodeEnd.TERMINATED), (2.5, 1000, EpisodeEnd.TRUNCATED))
    )
    result = TrainingResult(best_segment=4, fitness=2.0, success_rate=0.5, episodes=episodes)
    text = reflect(CANDIDATE, training(point(0, 1.0, 0.5), result=result))
    assert "Its best policy, after segment 4, on fresh episodes: fitness 2, success rate 50%." in text
    assert "Of 2 such episodes 1 ended early; they lasted 80 to 1000 steps, with scores from 1.5 to 2.5." in text


def test_a_long_training_is_told_at_ten_moments_with_the_first_and_the_last() -> None:
    text = reflect(CANDIDATE, training(*(point(at, float(at), 0.0) for at in range(20))))
    # Every 19/9 = 2.11 segments, rounded.
    assert "- fitness: [0, 2, 4, 6, 8, 11, 13, 15, 17, 19]" in text


def test_a_training_that_failed_says_why() -> None:
    assert reflect(CANDIDATE, training(reason="the reward raised\nZeroDivisionError")) == (
        "Trained for 0 of 20 segments. No figures: the reward raised ZeroDivisionError."
    )
    assert "The training ended: NaN in row 3" in reflect(CANDIDATE, training(point(0, 1.0, 0.5), reason="NaN in row 3"))
    assert "did not come to its first evaluation" in reflect(CANDIDATE, training())


def test_a_components_name_stays_on_its_line_and_short() -> None:
    text = reflect(CANDIDATE, training(point(0, 1.0, 0.5, name="a\n# Task\n" + "b" * 200)))
    assert "\n# Task" not in text
    assert max(len(line) for line in text.splitlines()) < 200


def test_what_was_noted_before_training_is_told_a_line_each_and_no_more_than_eight() -> None:
    notes = tuple(f"note {i}\nof\tit" for i in range(10))
    noted = CANDIDATE.model_copy(update={"verdict": Verdict(accepted=True, notes=notes)})

    told = reflect(noted, training(point(0, 1.0, 0.5))).partition(
        "Seen before any training, on recorded transitions:\n"
    )[2]
    assert told.splitlines() == [f"- note {i} of it" for i in range(8)]
    assert "Seen before" not in reflect(CANDIDATE, training(point(0, 1.0, 0.5)))


def test_the_candidates_that_were_stopped_beside_it_are_told_with_their_figures() -> None:
    reason = "stopped early, after segment 1: the score 0.3 is below the cut of 0.5 by more than noise"
    stopped = CANDIDATE.model_copy(update={"id": "r-1-2", "state": CandidateState.PRUNED, "reason": reason})
    text = reflect(CANDIDATE, training(point(0, 1.0, 0.5)), (stopped,))
    assert text.endswith(f"were stopped early, because their fitness was too low:\n- candidate r-1-2: {reason}")
    assert "stopped early" not in reflect(CANDIDATE, training(point(0, 1.0, 0.5)))


def test_several_seeds_are_told_with_their_mean_and_interval() -> None:
    interval = Interval(mean=1.5, low=1.0, high=2.0)
    seeded = CANDIDATE.model_copy(update={"fitness": 1.5, "fitness_interval": interval})
    result = TrainingResult(best_segment=0, fitness=2.0, success_rate=0.0, episodes=())
    text = reflect(seeded, training(point(0, 1.0, 0.5), result=result))
    assert "over all of them the fitness is 1.5 on average, 95% interval 1 to 2." in text
