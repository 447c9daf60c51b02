from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

HEAVY = [
    "jax",
    "ray",
    "litellm",
    "envpool",
    "matplotlib",
    "sqlmodel",
    "fastapi",
    "mujoco",
    "numpy",
    "httpx",
    "rich.live",
]
HELP = f"""
import json, sys
from service.cli import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    print(json.dumps([end.code, [name for name in {HEAVY!r} if name in sys.modules]]))
"""


def test_help_loads_nothing_heavy_and_so_comes_at_once() -> None:
    for words in ([], ["--help"], ["run", "--help"], ["demo", "--help"]):
        done = subprocess.run(
            [sys.executable, "-c", HELP, *words], capture_output=True, text=True, timeout=60, check=True
        )
        assert json.loads(done.stdout.splitlines()[-1]) == [0, []], words


def test_the_installed_command_answers() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("rewardsmith"), "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "doctor" in done.stdout
