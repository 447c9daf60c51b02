"""Every attack under both layers once more, by the command that anyone can run, and where we are root as somebody else."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.adversary.corpus import CORPUS
from tests.adversary.outcome import PROTECTED, modes_of

NOBODY = 65534


@pytest.mark.timeout(600)
def test_the_whole_corpus_holds_as_a_user_without_rights() -> None:
    user = ["--as-user", str(NOBODY)] if os.getuid() == 0 else []
    finished = subprocess.run(
        [sys.executable, "-m", "tests.adversary", "--json", "--protected", *user],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        check=False,
    )
    told = json.loads(finished.stdout)

    assert told["failures"] == []
    assert finished.returncode == 0
    assert told["ground"]["user"] == str(NOBODY if user else os.getuid())
    assert len(told["outcomes"]) == sum(mode in PROTECTED for attack in CORPUS for mode in modes_of(attack))
