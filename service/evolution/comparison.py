"""How the winner did beside the human and the sparse reward: interquartile means with bootstrap intervals over seeds,
after Agarwal et al. 2021, "Deep Reinforcement Learning at the Edge of the Statistical Precipice"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from scipy.stats import trim_mean

from service.schema import Baseline, Comparison, Interval, RewardComparison, RewardKind, Training, TrainingState

TRIMMED = 0.25
"""Share cut from either end: what is left is the interquartile range."""

RESAMPLES = 10_000
"""Bootstrap resamples; the end points of an interval then move by about 1% of its width between seeds."""

LEVEL = (2.5, 97.5)
"""Percentiles of a 95% interval."""

FEWEST_SEEDS = 2
"""Below this a reward has no spread, and nothing can be said of a difference."""


def interval(values: Sequence[float], seed: int = 0) -> Interval:
    """The interquartile mean of `values` with its 95% percentile bootstrap interval, the same for the same `seed`.

    One value alone has no spread: `low` and `high` are that value, and the reader must look at how many there were.
    Raises `ValueError` where there is none or one is not finite.
    """
    array = _finite(values)
    return _interval(_iqm(array), _resampled_iqm(array, np.random.default_rng(seed)))


def gap(human: Sequence[float], sparse: Sequence[float], seed: int = 0) -> Interval | None:
    """Human minus sparse, of interquartile means, with its 95% bootstrap interval; None where either has a single seed.

    Raises `ValueError` where there is no value or one is not finite.
    """
    values = _finite(human), _finite(sparse)
    if min(array.size for array in values) < FEWEST_SEEDS:
        return None
    generator = np.random.default_rng(seed)
    resampled = [_resampled_iqm(array, generator) for array in values]
    return _interval(_iqm(values[0]) - _iqm(values[1]), resampled[0] - resampled[1])


def mean_interval(values: Sequence[float], seed: int = 0) -> Interval:
    """The mean of `values` with its 95% percentile bootstrap interval, the same for the same `seed`. Raises as `interval`."""
    array = _finite(values)
    resamples = np.random.default_rng(seed).choice(array, size=(RESAMPLES, array.size))
    return _interval(float(np.mean(array)), np.mean(resamples, axis=1))


def stored_rewards(baseline: Baseline, seeds: Sequence[int]) -> tuple[RewardComparison, ...]:
    """The human and the sparse reward of a baseline on these seeds; none where it lacks one of them."""
    if not baseline.covers(seeds):
        return ()
    compared: list[RewardComparison] = []
    for reward in (baseline.human, baseline.sparse):
        by_seed = {training.seed: training for training in reward.trainings}
        trainings = [by_seed[seed] for seed in sorted(seeds)]
        compared.append(
            _compared(
                reward.reward, [one.fitness for one in trainings], [one.success_rate for one in trainings], stored=True
            )
        )
    return tuple(compared)


def compare(
    winner_id: str, trainings: Sequence[Training], steps: int, stored: Sequence[RewardComparison] = ()
) -> Comparison:
    """The final comparison from its trainings, `steps` environment steps each; rewards in `stored` were not trained for it.

    A seed whose training failed has no fitness: it is missing from `fitness`, which is then shorter. A reward none of
    whose trainings finished is missing from `rewards`. Human-normalised is `(ours - sparse) / |human - sparse|` of
    interquartile means; its interval resamples the seeds of each reward.
    """
    kept = {reward.reward: reward for reward in stored}
    rewards = tuple(
        found
        for kind in get_args(RewardKind)
        if (found := kept.get(kind) or _reward_comparison(kind, trainings)) is not None
    )
    return Comparison(winner_id=winner_id, rewards=rewards, human_normalised=_human_normalised(rewards), steps=steps)


def _reward_comparison(kind: RewardKind, trainings: Sequence[Training]) -> RewardComparison | None:
    results = [
        training.result
        for training in sorted(trainings, key=lambda training: training.seed)
        if training.comparison
        and training.reward == kind
        and training.state is TrainingState.FINISHED
        and training.result is not None
    ]
    if not results:
        return None
    return _compared(kind, [result.fitness for result in results], [result.success_rate for result in results])


def _compared(
    kind: RewardKind, fitness: Sequence[float], success_rates: Sequence[float], *, stored: bool = False
) -> RewardComparison:
    return RewardComparison(
        reward=kind,
        fitness=tuple(fitness),
        interval=interval(fitness),
        success_rate=float(np.mean(success_rates)),
        stored=stored,
    )


def _human_normalised(rewards: Sequence[RewardComparison]) -> Interval | None:
    fitness = {reward.reward: _finite(reward.fitness) for reward in rewards}
    if len(fitness) < len(get_args(RewardKind)) or min(values.size for values in fitness.values()) < FEWEST_SEEDS:
        return None
    generator = np.random.default_rng(0)
    ours, human, sparse = (_resampled_iqm(fitness[kind], generator) for kind in ("candidate", "human", "sparse"))
    gap = human - sparse
    low, high = np.percentile(gap, LEVEL)
    denominator = abs(_iqm(fitness["human"]) - _iqm(fitness["sparse"]))
    if low <= 0.0 <= high or denominator == 0.0:
        return None
    told_apart = gap != 0.0
    ratios = (ours - sparse)[told_apart] / np.abs(gap[told_apart])
    return _interval((_iqm(fitness["candidate"]) - _iqm(fitness["sparse"])) / denominator, ratios)


def _iqm(values: NDArray[np.float64]) -> float:
    return float(trim_mean(values, TRIMMED))


def _resampled_iqm(values: NDArray[np.float64], generator: np.random.Generator) -> NDArray[np.float64]:
    """Interquartile means `(RESAMPLES,)` of resamples of `values` `(N,)` with replacement."""
    resamples = generator.choice(values, size=(RESAMPLES, values.size))
    return np.asarray(trim_mean(resamples, TRIMMED, axis=1), dtype=np.float64)


def _interval(mean: float, resampled: NDArray[np.float64]) -> Interval:
    low, high = (float(end) for end in np.percentile(resampled, LEVEL))
    # Percentiles interpolate and may land a rounding error inside the mean of equal values.
    return Interval(mean=mean, low=min(low, mean), high=max(high, mean))


def _finite(values: Sequence[float]) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.size == 0 or not np.all(np.isfinite(array)):
        raise ValueError(f"interval: expected at least one value, all finite, got {list(values)[:8]}")
    return array
