"""One training by Stable-Baselines3's PPO as its users run it: its own defaults, one environment, VecNormalize.

    python -m benchmarks.peers.learn ENVIRONMENT SEED FOLDER

Trains 1M steps; writes FOLDER/result.json: the returns of ten deterministic episodes at every 100,000 steps. What it has is kept
in the folder, and it goes on from there.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import gymnasium
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

STEPS, EVERY, EPISODES = 1_000_000, 100_000, 10


def returns(model: PPO, normaliser: VecNormalize, environment: str, seed: int) -> list[float]:
    """Returns of whole deterministic episodes in the reference environment."""
    env = gymnasium.make(environment)
    found = []
    for episode in range(EPISODES):
        observation, _ = env.reset(seed=(10_000 + seed) * 1000 + episode)
        total, over = 0.0, False
        while not over:
            action, _ = model.predict(normaliser.normalize_obs(observation), deterministic=True)
            observation, reward, terminated, truncated, _ = env.step(action)
            total, over = total + float(reward), terminated or truncated
        found.append(total)
    env.close()
    return found


def train(environment: str, seed: int, folder: Path) -> None:
    """Trains to the end, in slices that can be interrupted between."""
    plain, kept = DummyVecEnv([lambda: gymnasium.make(environment)]), folder / "curve.json"
    curve: list[dict[str, object]] = []
    if kept.exists():
        env = VecNormalize.load(str(folder / "normaliser.pkl"), plain)
        model = PPO.load(folder / "model.zip", env=env, device="cpu")
        curve = json.loads(kept.read_text())
    else:
        env = VecNormalize(plain, gamma=0.99)
        model = PPO("MlpPolicy", env, seed=seed, device="cpu")
    while model.num_timesteps < STEPS:
        model.learn(min(EVERY, STEPS - model.num_timesteps), reset_num_timesteps=False)
        curve.append({"steps": model.num_timesteps, "returns": returns(model, env, environment, seed)})
        folder.mkdir(parents=True, exist_ok=True)
        model.save(folder / "model.zip")
        env.save(str(folder / "normaliser.pkl"))
        _write(kept, curve)
        print(environment, seed, model.num_timesteps, file=sys.stderr, flush=True)
    _write(folder / "result.json", curve)


def _write(path: Path, curve: list[dict[str, object]]) -> None:
    partial = path.with_suffix(".part")
    partial.write_text(json.dumps(curve))
    partial.replace(path)


if __name__ == "__main__":
    torch.set_num_threads(1)
    train(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
