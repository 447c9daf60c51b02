"""One rollout and one update of Stable-Baselines3's PPO, as numbers that ours is compared with.

    python -m benchmarks.peers.update tests/unit/training/reference_update.npz

A policy of some updates, with a fresh optimizer, sees 512 steps of Hopper-v5, whose episodes end by falls and, after 60 steps, by
truncation; it is then updated as it would be, save that a minibatch is the whole rollout, so that the order of rows says nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path

import gymnasium
import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

STEPS, TIME_LIMIT, BEFORE = 512, 60, 8


class Witness(BaseCallback):
    """Keeps of each step what the rollout buffer forgets: the reward before bootstrapping, and how and where an episode ended."""

    def __init__(self) -> None:
        super().__init__()
        self.rewards: list[float] = []
        self.terminated: list[bool] = []
        self.truncated: list[bool] = []
        self.outcomes: list[np.ndarray] = []

    def _on_rollout_start(self) -> None:
        self.__init__()  # the last rollout alone

    def _on_step(self) -> bool:
        over, info = bool(self.locals["dones"][0]), self.locals["infos"][0]
        truncated = over and info["TimeLimit.truncated"]
        self.rewards.append(float(self.locals["rewards"][0]))
        self.terminated.append(over and not truncated)
        self.truncated.append(truncated)
        self.outcomes.append(info["terminal_observation"] if over else self.locals["new_obs"][0])
        return True


def parameters(model: PPO, when: str) -> dict[str, np.ndarray]:
    """Layers as `(weights [in, out], bias)`, and `log_std`; copies."""
    policy = model.policy
    chains = {
        "policy": [*policy.mlp_extractor.policy_net, policy.action_net],
        "value": [*policy.mlp_extractor.value_net, policy.value_net],
    }
    found = {f"{when}_log_std": policy.log_std.detach().numpy().copy()}
    for name, chain in chains.items():
        layers = [layer for layer in chain if isinstance(layer, torch.nn.Linear)]
        for i, layer in enumerate(layers):
            found[f"{when}_{name}_{i}_weights"] = layer.weight.detach().numpy().T.copy()
            found[f"{when}_{name}_{i}_bias"] = layer.bias.detach().numpy().copy()
    return found


def made(path: Path) -> None:
    """Writes the rollout `[T, …]`, advantages, values and log probabilities `[T]`, and the parameters before and after."""
    env = VecNormalize(DummyVecEnv([lambda: gymnasium.make("Hopper-v5", max_episode_steps=TIME_LIMIT)]), gamma=0.99)
    model = PPO("MlpPolicy", env, n_steps=STEPS, batch_size=64, seed=0, device="cpu")
    model.learn(BEFORE * STEPS)
    model.batch_size = STEPS
    model.policy.optimizer = torch.optim.Adam(model.policy.parameters(), lr=3e-4, eps=1e-5)
    witness, learn, before = Witness(), model.train, dict[str, np.ndarray]()

    def train() -> None:
        before.update(parameters(model, "before"))
        learn()

    model.train = train
    model.learn(STEPS, callback=witness, reset_num_timesteps=False)
    buffer = model.rollout_buffer
    np.savez_compressed(
        path,
        observations=buffer.observations.reshape(STEPS, -1).astype(np.float32),
        outcomes=np.asarray(witness.outcomes, np.float32),
        actions=buffer.actions.reshape(STEPS, -1),
        rewards=np.asarray(witness.rewards, np.float32),
        terminated=np.asarray(witness.terminated),
        truncated=np.asarray(witness.truncated),
        advantages=buffer.advantages.reshape(STEPS),
        values=buffer.values.reshape(STEPS),
        log_probabilities=buffer.log_probs.reshape(STEPS),
        **before,
        **parameters(model, "after"),
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    made(Path(sys.argv[1]))
