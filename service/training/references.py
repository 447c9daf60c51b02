"""Trains the reference policies that travel with `envs`: python -m service.training.references [CARD…]

Each is trained by the shipped PPO on the environment's own ("human") reward, and kept as it stands at the end: they are
there for what trained behaviour looks like, not to be good at a task.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Sequence

from safetensors.numpy import load, save

from envs.behaviour import policy_path
from envs.card import EnvCard, card, cards
from envs.errors import EnvironmentFault
from envs.policy_file import policy_header
from envs.variables import Layout
from service.schema import CurvePoint, Fitness
from service.schema.tunings import shipped_training
from service.schema.versions import versions
from service.training import ppo
from service.training.checkpoint import load_checkpoint
from service.training.job import Member, MemberFailed, SegmentDone, TrainingJob, metric_of
from service.training.policy import policy_bytes
from service.training.population import Population

STEPS = 524_288
SEED = 0
log = logging.getLogger(__name__)


class ReferenceFailed(Exception):
    """A reference policy could not be trained; the message says why."""


def train_reference(environment: EnvCard, steps: int, seed: int, threads: int) -> bytes:
    """A reference policy of one environment: a policy file that also says how it was trained.

    `steps` are environment steps, of which what fills no whole segment is left out. Raises `ReferenceFailed`.
    """
    metric = environment.metrics[0]
    shipped = shipped_training(environment.id, environment.family)
    config = shipped.model_copy(update={"environments": 8, "evaluation_episodes": 4, "confirmation_episodes": 1})
    job = TrainingJob(
        card=environment,
        metric=metric_of(environment, Fitness(name=metric.name, score=metric.score, success=metric.success)),
        config=config,
        steps=steps,
        members=(Member("reference", seed, None),),
    )
    last: SegmentDone | None = None
    for progress in Population(job, threads).train():
        if isinstance(progress, MemberFailed):
            raise ReferenceFailed(f"{environment.id}: expected a trained policy, got: {progress.reason}")
        if isinstance(progress, SegmentDone):
            last = progress
            log.info("%s: %d steps, return %s", environment.id, last.point.steps, last.point.training_return)
    if last is None:
        raise ReferenceFailed(f"{environment.id}: expected at least one segment of training, got none")
    sizes = (len(Layout(environment).policy_columns), environment.action.size)
    state = load_checkpoint(last.checkpoint, *sizes, config.ppo).state
    return _reference_bytes(environment, state, last.point, seed)


def _reference_bytes(environment: EnvCard, state: ppo.MemberState, point: CurvePoint, seed: int) -> bytes:
    policy = policy_bytes(environment, state)
    training = {
        "environment": environment.id,
        "reward": "human",
        "steps": point.steps,
        "seed": seed,
        "fitness": {"metric": environment.metrics[0].name, "score": point.fitness},
        "training_return": point.training_return,
        "versions": versions(),
    }
    return save(
        load(policy), metadata={**policy_header(policy).metadata, "training": json.dumps(training, sort_keys=True)}
    )


def main(environments: Sequence[str]) -> int:
    """Trains and stores the reference policies of these environments, of all where none is named; the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        for environment in [card(name) for name in environments or cards()]:
            data = train_reference(environment, STEPS, SEED, os.cpu_count() or 1)
            path = policy_path(environment)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
            log.info("%s: %d bytes", path.name, len(data))
    except (EnvironmentFault, ReferenceFailed) as error:
        log.error("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
