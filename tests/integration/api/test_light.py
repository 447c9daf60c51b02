"""The API in a process of its own holds no model client, no trainer and no engine, whatever it is asked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ASKS = """
import sys
from pathlib import Path
from fastapi.testclient import TestClient
from service.cli.serving import application
from service.schema import Scope
from service.settings import Settings
from service.store import open_store

store = open_store(Settings().database_url)
token = store.tokens.create("lab", Scope.RUN).secret
heavy = ["litellm", "openai", "jax", "ray", "envpool", "mujoco", "matplotlib", "scipy"]
hop = {"task": "hop", "environment": "Hopper-v5", "designer": "openai/gpt-4.1"}
reward = {"environment": "Hopper-v5", "source": "def compute_reward(time):\\n    return time, {'time': time}\\n"}
client = TestClient(application(), base_url="http://rewardsmith/api/v1", headers={"Authorization": f"Bearer {token}"})
for path, body, status in (
    ("/runs", hop, 201),
    ("/runs/estimate", hop, 200),
    ("/runs", hop | {"designer": "gpt-9"}, 422),
    ("/rewards/validate", reward, 200),
):
    answer = client.post(path, json=body)
    assert answer.status_code == status, answer.text
assert client.get("/environments/Hopper-v5/still").status_code == 200
print(*(name for name in heavy if name in sys.modules))
"""


def test_no_model_client_no_trainer_and_no_engine_is_loaded(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "OPENAI_API_KEY"}
    environment["REWARDSMITH_DATA_FOLDER"] = str(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", ASKS],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "\n"), done.stderr
