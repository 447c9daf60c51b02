"""Plays a stored policy in the reference environment of its card and records all that is needed to look at the episode.

The episode is judged by itself: its score, its length and its end are its own, and not those of the evaluations in training,
which EnvPool stepped from other seeds.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from envs.card import EnvCard
from envs.engines.gymnasium import GymnasiumEngine
from envs.policy_file import policy_header
from envs.rollout import Collector
from envs.variables import Floats, Layout
from sandbox import CheckedReward
from service.schema import EpisodeSummary
from service.training.actors import Actors
from service.training.policy import load_actor
from service.training.rewards import Judge, reward_source
from service.training.scene import Scene, link_poses, scene_of, state_of


@dataclass(frozen=True)
class Replay:
    """One episode of L steps, frame by frame: frame 0 is the state after the reset, frame t the state after step t.

    `links` float32 `[L + 1, K, 7]`: the poses of the scene's links. `rewards` and each of `components` float32 `[L]`: what steps 1
    to L brought. `variables` float32 `[L + 1]` or `[L + 1, n]`: the card's, by name. `dt`: seconds per step. `summary`: the episode
    by the fitness that it was judged by.
    """

    environment: str
    reference: str
    seed: int
    dt: float
    summary: EpisodeSummary
    scene: Scene
    links: Floats
    rewards: Floats
    components: dict[str, Floats]
    variables: dict[str, Floats]


def play(card: EnvCard, policy: bytes, code: CheckedReward | None, metric: CheckedReward, seed: int) -> Replay:
    """One episode of a policy file's deterministic actions, in the reference environment, from a seed of 31 bits.

    `code` gives the rewards, the environment itself where it is None; `metric` is the fitness. Raises `ReferenceUnavailable`,
    `CardMismatch` (the policy, or the reference, is not what the card says), `PolicyInvalid`, `sandbox.RewardFault`, `FitnessFault`
    and `sandbox.SandboxFault`.
    """
    layout = Layout(card)
    policy_header(policy).check(layout, "play it with the card that it was trained with")
    actors = Actors(layout, [load_actor(policy)], 1)
    states: list[NDArray[np.float64]] = []
    with closing(GymnasiumEngine(layout, [seed])) as engine:
        model, data = engine.simulation(0)

        def act(_: int, frames: Floats) -> Floats:
            states.append(state_of(model, data))
            return actors(frames)

        transitions = Collector(engine, layout).episodes(card.max_steps, act).transitions
        states.append(state_of(model, data))
        scene, links = scene_of(model), link_poses(model, states)
    with closing(reward_source(code, layout, card.max_steps)) as source, closing(Judge(card, metric)) as judge:
        rewards = source.rewards(transitions)
        (summary,) = judge.summaries(layout, transitions, rewards)
    assert card.engine.reference is not None  # or there had been no engine
    return Replay(
        environment=card.id,
        reference=card.engine.reference,
        seed=seed,
        dt=card.dt,
        summary=summary,
        scene=scene,
        links=links,
        rewards=rewards.total[:, 0],
        components={name: values[:, 0] for name, values in rewards.components.items()},
        variables=layout.values(card.sizes, transitions.frames[:, 0]),
    )
