"""A baseline as a user makes it: begun, interrupted, begun again."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from service.baselines.stored import OWN, read_baselines
from tests.integration.cli.test_run import begin

# One segment of FetchReach is 2048 steps: 8 environments, whole rollouts of 256, episodes of 50.
BASELINE = ["baseline", "--env=FetchReach-v4", "--seeds=1", "--steps=4096"]


@pytest.mark.timeout(280)
def test_a_baseline_is_interrupted_and_gone_on_with(tmp_path: Path) -> None:
    first = begin(BASELINE, tmp_path)
    assert first.stderr is not None
    while "sparse-0: 2,048 steps" not in (line := next(first.stderr)):
        assert "sparse-0: finished" not in line  # the human training has a process of its own and may have ended
    os.killpg(first.pid, signal.SIGINT)  # as a terminal does: the workers and the sandbox get it too
    _, err = first.communicate(timeout=60)
    assert first.returncode == 130
    assert "the same command goes on where it was" in err
    folder = tmp_path / "data" / OWN
    assert read_baselines("FetchReach-v4", folder) == ()

    second = begin(BASELINE, tmp_path)
    out, err = second.communicate(timeout=200)
    assert second.returncode == 0, err
    assert "sparse-0: 2,048 steps" not in err
    assert "human - sparse" in out
    [made] = read_baselines("FetchReach-v4", folder)
    steps = [point.steps for point in made.sparse.trainings[0].curve]
    assert steps == list(range(2048, 4097, 2048))
    assert [path.name for path in folder.iterdir()] == ["FetchReach-v4.closeness.4096.json"]
