"""Every attack once more, by the command that anyone can run, and where we are root as somebody else.

With the process alone between an attack and its caller: what the syntax refuses is refused to all alike.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.adversary.corpus import CORPUS
from tests.adversary.outcome import Mode

NOBODY = 65534


@pytest.mark.timeout(600)
def test_the_whole_corpus_holds_as_a_user_without_rights() -> None:
    user = ["--as-user", str(NOBODY)] if os.getuid() == 0 else []
    finished = subprocess.run(
        [sys.executable, "-m", "tests.adversary", "--json", "--mode", Mode.PROCESS, *user],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        check=False,
    )
    told = json.loads(finished.stdout)

    assert told["failures"] == []
    assert finished.returncode == 0
    assert told["ground"]["user"] == str(NOBODY if user else os.getuid())
    assert len(told["outcomes"]) == len(CORPUS)
