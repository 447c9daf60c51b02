"""What docker-compose.yml deploys, tried whole: the README's walk-through, more workers, a killed one, `down` in mid-run.

`make compose-test` runs it on a clone of what is committed, with this machine's Docker engine: some minutes. Nothing is left.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from tests.compose.stack import ROOT, Stack

DASHBOARD = "http://127.0.0.1:8080"
LONG_RUN = {
    "task": "hop forward",
    "environment": "Hopper-v5",
    "search": {"iterations": 2, "candidates": 2},
    "training": {"steps": 131_072, "environments": 8, "comparison_seeds": 1},
}
LEFT_WITHIN_SECONDS = 10.0
EXPORTED = {"reward.py", "wrapper.py", "report.md", "lineage.json"}


def walk_through() -> str:
    """The shell commands of the README's section on the service, as a reader would paste them."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = re.split(r"^## ", text, flags=re.MULTILINE)
    service = next(part for part in section if part.startswith("As a service"))
    return "\n".join(line[4:] for line in service.splitlines() if line.startswith("    "))


def refuses_empty_secrets(stack: Stack) -> None:
    """Neither secret may be left empty."""
    for name in ("POSTGRES_PASSWORD", "RAY_AUTH_TOKEN"):
        refused = stack.compose("config", "--quiet", environment={name: ""}, check=False)
        assert refused.returncode != 0, f"an empty {name} was accepted"
        assert name in refused.stderr, refused.stderr


def publishes_two_ports(stack: Stack) -> None:
    """The API's and the dashboard's, on loopback alone."""
    published = {
        f"{binding['HostIp']}:{binding['HostPort']}"
        for container in stack.containers()
        for bindings in stack.inspect(container)["NetworkSettings"]["Ports"].values()
        for binding in bindings or ()
    }
    assert published == {"127.0.0.1:8000", "127.0.0.1:8080"}, published


def runs_as_nobody_special(stack: Stack) -> None:
    """No process of ours is root."""
    for service in ("api", "dashboard", "orchestrator", "ray-head", "ray-worker"):
        assert stack.compose("exec", "-T", service, "id", "-u").stdout.strip() == "10001", service


def follow_the_readme(stack: Stack) -> None:
    """Submit, watch, speak, resume, list and export, by the commands as they stand there."""
    script = walk_through()
    for wanted in ("make .env", "docker-compose up --build --detach", "/feedback", "/export"):
        assert wanted in script, f"the README's walk-through lost {wanted!r}"
    done = subprocess.run(
        ["bash", "-eu", "-c", script], cwd=stack.folder, capture_output=True, text=True, timeout=1800, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    listed = subprocess.run(
        [sys.executable, "-m", "zipfile", "-l", "export.zip"],
        cwd=stack.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    names = {Path(line.split()[0]).name for line in listed.stdout.splitlines()[1:]}
    assert names >= EXPORTED, names
    events = (stack.folder / "events").read_text(encoding="utf-8")
    assert "completed" in events


def shows_the_dashboard(stack: Stack) -> None:
    """Runs, to whoever logs in; it has neither a way to the database nor keys."""
    with httpx.Client(base_url=DASHBOARD, follow_redirects=True, timeout=60) as browser:
        assert browser.get("/").url.path == "/login"
        shown = browser.post("/login", data={"token": stack.token}, headers={"Origin": DASHBOARD}).raise_for_status()
        assert shown.url.path == "/", shown.url
        assert "hop forward" in shown.text
        listed = browser.get("/api/v1/runs").raise_for_status().json()["items"]
        assert [run["task"] for run in listed] == ["hop forward"], listed
    reach = "import socket; socket.create_connection(('postgres', 5432), 3)"
    assert stack.compose("exec", "-T", "dashboard", "python3", "-c", reach, check=False).returncode != 0
    environment = stack.compose("exec", "-T", "dashboard", "env").stdout
    assert not re.search("KEY|PASSWORD|POSTGRES|DATABASE", environment), environment


def outlives_a_worker(stack: Stack) -> str:
    """With two workers one container is killed in mid-training; the run completes all the same."""
    stack.compose("up", "--detach", "--no-recreate", "--scale", "ray-worker=2", "ray-worker")
    run_id = stack.submit(LONG_RUN)
    stack.until(run_id, "training", lambda: stack.segments(run_id) > 0)
    stack.kill_one("ray-worker")
    stack.until(run_id, "completed", lambda: stack.state(run_id) == "completed")
    return run_id


def outlives_down_and_up(stack: Stack) -> float:
    """`down` in mid-training leaves the run resumable, `up` goes on with it; the seconds that the orchestrator took."""
    run_id = stack.submit(LONG_RUN)
    stack.until(run_id, "training", lambda: stack.segments(run_id) > 0)
    left = stack.stop_one("orchestrator")
    assert stack.state(run_id) == "queued", f"left as {stack.state(run_id)}"
    assert left < LEFT_WITHIN_SECONDS, f"the orchestrator took {left:.1f} s to leave"
    done = stack.segments(run_id)
    stack.compose("down")
    stack.compose("up", "--detach")
    stack.until(run_id, "back", stack.answers)
    assert stack.segments(run_id) >= done
    stack.until(run_id, "completed", lambda: stack.state(run_id) == "completed")
    return left


def main() -> int:
    """0 if all of it holds."""
    with tempfile.TemporaryDirectory(prefix="compose-") as name:
        folder = Path(name) / "rewardsmith"
        subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)
        begun = time.monotonic()
        with Stack(folder) as stack:
            refuses_empty_secrets(stack)
            follow_the_readme(stack)
            walked = time.monotonic() - begun
            publishes_two_ports(stack)
            runs_as_nobody_special(stack)
            stack.make_token()
            shows_the_dashboard(stack)
            outlives_a_worker(stack)
            left = outlives_down_and_up(stack)
            memory = stack.memory()
    print(json.dumps({"walk_through_seconds": round(walked), "left_seconds": round(left, 1), "memory": memory}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
