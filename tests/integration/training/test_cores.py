"""What is trained is the same bits on one core, on all of this machine's, and with as many threads as a large machine has."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

HASHED = """
import hashlib, os, sys
from contextlib import ExitStack
stack, own = ExitStack(), sys.argv[1] == "own"
if sys.argv[1] and not own:
    os.sched_setaffinity(0, {int(sys.argv[1])})
import service.training
from service.training.own_core import own_core
if own:
    stack.enter_context(own_core(f"test-{os.getpid()}"))
    assert len(os.sched_getaffinity(0)) == 1
import jax
import numpy as np
from envs.card import card
from envs.variables import Layout
from service.schema import PPOConfig
from service.training import ppo
from service.training.actors import Actors
from service.training.checkpoint import begin
from service.training.compiler import configure

configure()
layout = Layout(card("Ant-v5"))
D, A, T, N = len(layout.policy_columns), layout.card.action.size, 256, 8
config = PPOConfig(hidden_sizes=(256, 64), epochs=3, target_kl=0.5)
random = np.random.default_rng(0)
normal = lambda *shape: random.normal(size=shape).astype(np.float32)
no, yes = np.zeros((T, N), bool), np.ones((T, N), bool)
rollout = ppo.Rollout(normal(T + 1, N, D), normal(T, N, A), normal(T, N), no, no, yes, np.zeros(N, np.float32))
state, report = ppo.update(begin(1, D, A, config).state, rollout, np.float32(1e-3), config)
acted = Actors(layout, [ppo.actor(state)] * 2, 256)(normal(512, sum(layout.card.observation.values())))
found = hashlib.sha256()
for leaf in (*jax.tree.leaves((state, report)), acted):
    found.update(np.asarray(leaf).tobytes())
print(found.hexdigest())
stack.close()
"""


def hash_of(core: str = "", **environment: str) -> str:
    """Of an update and of actions on an Ant, on one core from the start, on one taken before JAX is imported, or on all."""
    done = subprocess.run(
        [sys.executable, "-c", HASHED, core],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def here() -> str:
    return hash_of()


def test_one_core_gives_the_bits_of_all(here: str) -> None:
    assert hash_of(core=str(min(os.sched_getaffinity(0)))) == here


def test_a_core_of_its_own_gives_the_bits_of_all(here: str) -> None:
    assert hash_of(core="own") == here


def test_sixteen_threads_give_the_bits_of_as_many_as_there_are_cores(here: str) -> None:
    assert hash_of(PJRT_NPROC="16", OPENBLAS_NUM_THREADS="16") == here
