"""The main job at a size that two cores do in some minutes."""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path
from typing import NoReturn

from service.cli.embedded import open_embedded
from service.cli.place import settings_of_this_machine
from service.cli.running import Wanted, start
from service.cli.serving import free_port
from service.cli.terminal import console
from service.schema import RunRequest, SearchConfig, TrainingConfig

# All sizes of the demo, together under ten minutes on two cores, installing included.
ITERATIONS = 3
CANDIDATES = 4
STEPS = 65_536
COMPARISON_SEEDS = 5

HOST, PORT = "127.0.0.1", 8000

REQUEST = RunRequest(
    task="hop forward as fast as possible without falling",
    environment="Hopper-v5",
    search=SearchConfig(iterations=ITERATIONS, candidates=CANDIDATES),
    training=TrainingConfig(steps=STEPS, comparison_seeds=COMPARISON_SEEDS),
)


def demonstrate(wanted: Wanted, *, serve: bool) -> None:
    """Runs the demo, says what to try next, and if it is to `serve`, shows the run in the dashboard until Ctrl-C."""
    settings = settings_of_this_machine("demo")
    out = console(error=wanted.as_json)
    out.print(
        f"{REQUEST.environment}: {REQUEST.task}\n"
        "Designer: offline. No language model is involved: it follows the fitness, not the sentence.\n"
    )
    with open_embedded(settings) as workplace:
        folder = start(workplace, REQUEST, wanted)
    out.print(
        " What to try next:\n"
        f"   read                {folder / 'report.md'}\n"
        f"   see the policy act  python {folder / 'wrapper.py'}\n"
        "   with a model        rewardsmith run --env Hopper-v5 --task '...' --model openai/gpt-4.1 (its key in the environment)\n"
        "   other environments  rewardsmith envs\n"
        "   your own reward     rewardsmith train FILE --env Hopper-v5\n"
    )
    if serve:
        port = free_port(HOST, PORT)
        out.print(f" The dashboard, until Ctrl-C: http://{HOST}:{port}/\n")
        _become_the_server(port)


def _become_the_server(port: int) -> NoReturn:
    """Makes a server of this process: what it has compiled and loaded goes, and Ray is started where JAX has no threads."""
    program = str(Path(sysconfig.get_path("scripts")) / "rewardsmith")
    sys.stdout.flush()
    os.execv(program, [program, "serve", "--host", HOST, "--port", str(port)])
