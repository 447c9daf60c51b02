"""Trains in slices, as told: python -m benchmarks.peers.serve SIDE ENVIRONMENT EPOCHS MINIBATCH

Each line on standard input is a number of seconds to train for; each line on standard output says, as JSON, how many
environment steps were taken and in how many seconds. Between slices it waits and uses nothing.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

from benchmarks.peers import envpool_ppo, stable_baselines

SIDES: dict[str, Callable[[str, int, int], Callable[[float], int]]] = {
    "sb3-own": stable_baselines.own_hyperparameters,
    "sb3-dummy": stable_baselines.dummy,
    "sb3-subproc": stable_baselines.subproc,
    "sb3-process": stable_baselines.one_process,
    "sb3-envpool": stable_baselines.on_envpool,
    "cleanrl-envpool": envpool_ppo.trainer,
}
"""Each makes, from environment, epochs and minibatch, a function that trains for some seconds and tells its steps."""


def main() -> None:
    """Serves one side until its standard input ends."""
    side, environment, epochs, minibatch = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    train = SIDES[side](environment, epochs, minibatch)
    print(json.dumps({"ready": side}), flush=True)
    for line in sys.stdin:
        started = time.perf_counter()
        steps = train(float(line))
        print(json.dumps({"steps": steps, "seconds": time.perf_counter() - started}), flush=True)


if __name__ == "__main__":
    main()
