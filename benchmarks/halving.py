"""Does successive halving choose as well as training every candidate to the end, at a third of the steps?

    python -m benchmarks.halving [--environments Hopper-v5 HalfCheetah-v5] [--rewards 24] [--seeds 3] [--report]

A pool of rewards drawn from the offline designer's grammar is trained to the end once for each seed (the truth; members do not
depend on each other, so that any generation drawn from the pool would have had these very curves). Then generations are drawn
again and again: rewards without repetition, one seed for all, and the rule that runs decide by is asked who would have been
stopped. Its choice is the survivor that did best; regret is the truth of the generation's best less that of the choice, the truth
being the mean over the other seeds, since the luck of a seed is no merit. It is set beside the noise of training the generation's
best again: the standard deviation of its fitness over seeds.

All that was trained stands in `results/halving.jsonl` and is not trained again; `--report` trains nothing, `--rewards 12 --report`
asks the same of the pool's first twelve, `--after 12 --report` of the others. Ends with one line of JSON: means with 95%
bootstrap intervals over the pool's rewards; exit 1 where regret is not below noise or steps are more than a third.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from benchmarks.designer_search import Setting, World, propose, world
from envs.card import card
from service.llm.offline import OfflineDesigner
from service.schema import Candidate, CandidateState, CurvePoint, HalvingConfig
from service.schema.tunings import THE_DEFAULT, in_words, shipped_training
from service.training.halving import standing
from service.training.job import Member, MemberFailed, MemberFinished, SegmentDone, TrainingJob, code_of, metric_of
from service.training.population import Population

RESULTS: Final = Path(__file__).parent / "results" / "halving.jsonl"
GENERATION: Final = 8
DRAWS: Final = 1000
POOLS: Final = 200
"""Pools of rewards drawn with repetition from the one trained, for the intervals; with `DRAWS_OF_A_POOL` generations each."""
DRAWS_OF_A_POOL: Final = 50
SHARE_BAR: Final = 1 / 3
POOL_SEED: Final = 0
MEMBERS: Final = 8
"""Trained at once; the pool's figures do not depend on it."""


@dataclass(frozen=True)
class Truth:
    """One reward trained to its end with one seed: its whole curve and its confirmed fitness, None where its reward failed.

    The curve's points lack the reward's components, which nothing here asks for. `hyperparameters`: in words.
    """

    environment: str
    steps: int
    reward: str
    seed: int
    curve: tuple[CurvePoint, ...]
    fitness: float | None
    hyperparameters: str = THE_DEFAULT


_LINE = TypeAdapter(Truth)


def pool(where: World, count: int) -> list[Candidate]:
    """The first `count` accepted rewards of different code that the designer's grammar gives."""
    setting = Setting(where.card.id, POOL_SEED, where.card.steps, 1, 1, 1)
    found: dict[str, Candidate] = {}
    slot = 0
    while len(found) < count:
        [candidate] = propose(OfflineDesigner(explore_only=True), where, setting, [(1, slot)], ())
        if candidate.state is CandidateState.QUEUED:
            found.setdefault(candidate.source, candidate)
        slot += 1
    return list(found.values())


def train(where: World, members: Sequence[Member], steps: int, seeds: Mapping[str, tuple[str, int]]) -> Iterator[Truth]:
    """Trains some members to the end; `seeds` gives reward and seed of each."""
    curves: dict[str, list[CurvePoint]] = {member.id: [] for member in members}
    config = shipped_training(where.card.id, where.card.family)
    job = TrainingJob(where.card, metric_of(where.card, where.fitness), config, steps, tuple(members))
    told = in_words(config.ppo)
    for progress in Population(job, len(os.sched_getaffinity(0))).train():
        match progress:
            case SegmentDone():
                curves[progress.member_id].append(progress.point.model_copy(update={"components": {}}))
            case MemberFinished(member_id, result):
                yield Truth(where.card.id, steps, *seeds[member_id], tuple(curves[member_id]), result.fitness, told)
            case MemberFailed(member_id):
                yield Truth(where.card.id, steps, *seeds[member_id], tuple(curves[member_id]), None, told)


def train_missing(environment: str, rewards: int, seeds: int, steps: int | None) -> None:
    """Trains what of the pool is not stored, eight at a time."""
    where = world(environment)
    budget = where.card.steps if steps is None else steps
    done = {(truth.reward, truth.seed) for truth in stored(environment, budget)}
    missing = [
        (candidate, seed)
        for seed in range(seeds)
        for candidate in pool(where, rewards)
        if (candidate.id, seed) not in done
    ]
    for start in range(0, len(missing), MEMBERS):
        part = missing[start : start + MEMBERS]
        members = [Member(f"{c.id}/{seed}", seed, code_of(where.card, "candidate", c.source)) for c, seed in part]
        names = {member.id: (c.id, seed) for member, (c, seed) in zip(members, part, strict=True)}
        with RESULTS.open("a") as file:
            file.writelines(f"{_LINE.dump_json(truth).decode()}\n" for truth in train(where, members, budget, names))
        print(f"{environment}: {start + len(part)} of {len(missing)}", file=sys.stderr, flush=True)


def drawn(environment: str, rewards: int, after: int, steps: int | None) -> list[Truth]:
    """What is stored of the pool's first so many rewards, without those `after` which it begins."""
    where = world(environment)
    names = {candidate.id for candidate in pool(where, rewards)[after:]}
    return [truth for truth in stored(environment, steps or where.card.steps) if truth.reward in names]


def stored(environment: str, steps: int) -> list[Truth]:
    """What is stored of an environment at one budget, trained with the hyperparameters that it has now."""
    if not RESULTS.exists():
        return []
    every = (_LINE.validate_json(line) for line in RESULTS.read_text().splitlines())
    known = card(environment)
    now = (environment, steps, in_words(shipped_training(known.id, known.family).ppo))
    return [truth for truth in every if (truth.environment, truth.steps, truth.hyperparameters) == now]


@dataclass(frozen=True)
class Draw:
    """One generation: regret of the halved and of the full choice, noise of its best, and the share of steps that halving took."""

    halved_regret: float
    full_regret: float
    noise: float
    share: float


def draw(
    names: Sequence[str], seed: int, truths: Mapping[tuple[str, int], Truth], config: HalvingConfig, seeds: int
) -> Draw | None:
    """What halving would have done with a generation, all trained with one seed; None where no reward of it could be trained."""
    own = {name: truths[name, seed] for name in names}
    segments = max(len(truth.curve) for truth in own.values())
    stopped = standing({name: [truth.curve] for name, truth in own.items()}, (), segments, config).stopped
    finished = {name: truth.fitness for name, truth in own.items() if truth.fitness is not None}
    true = {name: [truths[name, s].fitness for s in range(seeds) if s != seed] for name in names}
    means = {name: float(np.mean(np.array(found, float))) for name, found in true.items() if None not in found}
    halved = {name: fitness for name, fitness in finished.items() if name not in stopped and name in means}
    full = {name: fitness for name, fitness in finished.items() if name in means}
    if not halved:
        return None
    best = max(means, key=lambda name: means[name])
    spent = sum(stopped[name].rung if name in stopped else len(own[name].curve) for name in names)
    return Draw(
        halved_regret=means[best] - means[max(halved, key=lambda name: halved[name])],
        full_regret=means[best] - means[max(full, key=lambda name: full[name])],
        noise=float(np.std([truths[best, s].fitness or math.nan for s in range(seeds)], ddof=1)),
        share=spent / (segments * len(names)),
    )


def draws(
    truths: Sequence[Truth], names: Sequence[str], config: HalvingConfig, count: int, random: np.random.Generator
) -> list[Draw]:
    """Generations of eight drawn from the rewards `names`."""
    known = {(truth.reward, truth.seed): truth for truth in truths}
    seeds = 1 + max(truth.seed for truth in truths)
    found = []
    for _ in range(count):
        some = [names[i] for i in random.choice(len(names), GENERATION, replace=False)]
        one = draw(some, int(random.integers(seeds)), known, config, seeds)
        if one is not None:
            found.append(one)
    return found


COLUMNS: Final = tuple(field.name for field in fields(Draw))


def _means(found: Sequence[Draw]) -> NDArray[np.float64]:
    """Mean of each column, float64 `[4]`."""
    means: NDArray[np.float64] = np.array([[getattr(one, name) for name in COLUMNS] for one in found]).mean(axis=0)
    return means


def summary(truths: Sequence[Truth], config: HalvingConfig, count: int) -> dict[str, object]:
    """Means over draws, with 95% intervals from resampled pools, and whether the bars are met."""
    random, names = np.random.default_rng(0), sorted({truth.reward for truth in truths})
    found = draws(truths, names, config, count, random)
    means = _means(found)
    pools: list[NDArray[np.float64]] = []
    while len(pools) < POOLS:
        some = sorted(set(random.choice(names, len(names))))
        if len(some) >= GENERATION:
            pools.append(_means(draws(truths, some, config, DRAWS_OF_A_POOL, random)))
    low, high = np.percentile(pools, (2.5, 97.5), axis=0)
    regret, _, noise, share = means
    return {
        "steps": truths[0].steps,
        "rewards": len({truth.reward for truth in truths}),
        "seeds": len({truth.seed for truth in truths}),
        "draws": len(found),
        **{name: [round(float(x), 4) for x in three] for name, *three in zip(COLUMNS, means, low, high, strict=True)},
        "spread": round(float(np.std([t.fitness for t in truths if t.fitness is not None])), 4),
        "met": bool(regret <= noise and share <= SHARE_BAR + 1e-9),
    }


def main() -> int:
    """Trains what is missing and prints the line of JSON; the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--environments", nargs="+", default=("Hopper-v5", "HalfCheetah-v5"))
    parser.add_argument("--rewards", type=int, default=24)
    parser.add_argument("--after", type=int, default=0, help="leave the pool's first so many rewards out of the report")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, help="of each training; the card's budget if not given")
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--report", action="store_true", help="train nothing that is missing")
    for name, field in HalvingConfig.model_fields.items():
        parser.add_argument(f"--{name}", type=type(field.default), default=field.default)
    arguments = parser.parse_args()
    config = HalvingConfig(**{name: getattr(arguments, name) for name in HalvingConfig.model_fields})
    if not arguments.report:
        for environment in arguments.environments:
            train_missing(environment, arguments.rewards, arguments.seeds, arguments.steps)
    found = {
        name: summary(drawn(name, arguments.rewards, arguments.after, arguments.steps), config, arguments.draws)
        for name in arguments.environments
    }
    met = all(one["met"] for one in found.values())
    print(json.dumps({"benchmark": "halving", "rule": config.model_dump(), "environments": found, "met": met}))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
