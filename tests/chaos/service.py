"""Kills API, orchestrators and Ray workers at thirty random moments and restarts PostgreSQL twice, while two runs are worked on.

`make chaos-service` runs it: some minutes on a quiet machine. The moments are drawn from a fixed seed. One run asks a model, whose
stored replies must never be asked for again; the other's designer is offline. Both must end as they do undisturbed, bit for bit.
"""

from __future__ import annotations

import random
import re
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import httpx

from service.artifacts import ArtifactStore
from service.llm.loopback import Behaviour, ChatRequest, LoopbackServer, Step, answer
from service.schema import CompletionState, Run, RunState
from service.store import Store, open_store
from tests.chaos.deployment import Deployment, RayCluster, answers, until
from tests.integration.orchestrator.figures import figures, policies
from tests.postgres import Postgres

KILLS, RESTARTS, SEED = 30, 2, 20_261_122
LEAST_BETWEEN, MOST_BETWEEN = 1.0, 15.0
RUN_ID = re.compile(r"r-[0-9a-f]{10}")
REQUEST = {
    "task": "hop forward",
    "environment": "Hopper-v5",
    "search": {"iterations": 3, "candidates": 3, "seed": 3},
    "training": {
        "steps": 40_000,
        "environments": 2,
        "rollout_length": 250,
        "evaluation_episodes": 1,
        "confirmation_episodes": 2,
        "comparison_seeds": 2,
        "halving": {"eta": 2, "fewest": 1, "errors": 0.0, "margin": 0.0},
        "warm_start": "parent",
        "ppo": {"hidden_sizes": [16], "epochs": 1, "minibatch_size": 100},
    },
}
DESIGNERS = ("offline", "openai/loopback")


class SteadyModel(LoopbackServer):
    """A model that gives the same answer to the same prompt, however often and in whatever order it is asked."""

    def next_step(self, request: ChatRequest) -> tuple[Step, int]:
        super().next_step(request)
        said = RUN_ID.sub("RUN", "\n".join(turn.content for turn in request.messages))
        number = zlib.crc32(said.encode()) % 97
        return answer(Behaviour.GOOD, number), number


class Follower(threading.Thread):
    """Follows a run's events over HTTP to its end, again and again after the last that came."""

    def __init__(self, port: int, token: str, run_id: str) -> None:
        super().__init__(daemon=True)
        self._url = f"http://127.0.0.1:{port}/api/v1/runs/{run_id}/events"
        self._token = token
        self._over = threading.Event()
        self.numbers: list[int] = []
        self.reconnections = 0

    def run(self) -> None:
        """Until the run has ended and all was read."""
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "text/event-stream"}
        while not self._over.is_set():
            last = {"Last-Event-ID": str(self.numbers[-1])} if self.numbers else {}
            try:
                with httpx.stream("GET", self._url, headers=headers | last, timeout=30) as stream:
                    stream.raise_for_status()
                    self._read(stream.iter_lines())
                    return
            except httpx.HTTPError:
                self.reconnections += 1
                self._over.wait(0.2)

    def _read(self, lines: Iterator[str]) -> None:
        number: int | None = None
        for line in lines:
            if line.startswith("id:"):
                number = int(line.removeprefix("id:"))
            elif not line and number is not None:  # an event is whole when an empty line has come
                self.numbers.append(number)
                number = None


class Watched:
    """The runs of one deployment from their submission to their end."""

    def __init__(self, deployment: Deployment, database_url: str) -> None:
        until(lambda: answers(deployment.port), "the API does not answer")
        token = deployment.token()
        self.store: Store = open_store(database_url)
        self.runs = [self._submit(deployment.port, token, designer) for designer in DESIGNERS]
        self.followers = [Follower(deployment.port, token, run_id) for run_id in self.runs]
        for follower in self.followers:
            follower.start()

    def ended(self) -> bool:
        """Whether all have; raises `AssertionError` if one stopped that nobody had stopped."""
        states = [self._run(run_id) for run_id in self.runs]
        for run in states:
            assert run.state not in (RunState.PAUSED, RunState.FAILED), f"{run.id}: {run.state}, {run.reason}"
        return all(run.state is RunState.COMPLETED for run in states)

    def wait(self, deployment: Deployment) -> None:
        """Until all have ended and their events are read."""
        while not self.ended():
            deployment.restart_the_dead()
            time.sleep(0.2)
        for follower in self.followers:
            follower.join(60)
            assert not follower.is_alive(), "the events of a run that has ended do not end"

    def _run(self, run_id: str) -> Run:
        return self.store.get_run(run_id)

    def _submit(self, port: int, token: str, designer: str) -> str:
        headers = {"Authorization": f"Bearer {token}"}
        body = REQUEST | {"designer": designer}
        made = httpx.post(f"http://127.0.0.1:{port}/api/v1/runs", json=body, headers=headers, timeout=60)
        assert made.status_code == 201, made.text
        return str(made.json()["id"])


def disturb(deployment: Deployment, cluster: RayCluster, postgres: Postgres, watched: Watched) -> dict[str, int]:
    """Kills and restarts at random moments until the number is reached or the runs have ended; how often each."""
    chance = random.Random(SEED)
    victims = chance.choices((*deployment.names, "ray worker", "ray worker"), k=KILLS)
    for place in sorted(chance.sample(range(1, KILLS), RESTARTS), reverse=True):
        victims.insert(place, "postgres")
    done: dict[str, int] = {}
    for victim in victims:
        _pause(chance.uniform(LEAST_BETWEEN, MOST_BETWEEN), deployment, watched)
        if victim == "postgres":
            postgres.restart()
        elif victim == "ray worker":
            while not cluster.kill_workers() and not _ended(watched):
                deployment.restart_the_dead()
                time.sleep(0.05)
        else:
            deployment.kill(victim)
        if _ended(watched):
            break
        done[victim] = done.get(victim, 0) + 1
        print(f"{sum(done.values())}: {victim}", flush=True)
    return done


def _pause(seconds: float, deployment: Deployment, watched: Watched) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not _ended(watched):
        deployment.restart_the_dead()
        time.sleep(0.2)


def _ended(watched: Watched) -> bool:
    return watched.ended()


def check(store: Store, run_id: str, follower: Follower, requests: int | None) -> int:
    """Completions paid once, no candidate lost, events whole and in order; how many completions were possibly paid in vain."""
    completions = store.completions(run_id)
    stored = [one for one in completions if one.state is CompletionState.STORED]
    lost = [one for one in completions if one.state is CompletionState.LOST]
    places = [(one.iteration, one.slot, one.attempt) for one in stored]
    assert len(places) == len(set(places)), "a stored completion was asked for again"
    assert len(stored) + len(lost) == len(completions)
    assert store.get_run(run_id).spending.completions_possibly_paid == len(lost)
    if requests is not None:
        assert len(stored) <= requests <= len(completions), f"{requests} requests for {len(completions)} completions"
    slots = {(one.iteration, one.slot) for one in store.candidates(run_id)}
    assert slots == {(iteration, slot) for iteration in (1, 2, 3) for slot in (0, 1, 2)}, "a candidate was lost"
    numbers = [event.number for event in store.events(run_id)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert follower.numbers == numbers, "the stream of events lost or repeated one"
    return len(lost)


def main() -> int:
    """0 if both runs ended as undisturbed, after all kills."""
    with (
        tempfile.TemporaryDirectory(prefix="chaos-") as name,
        Postgres(Path(name) / "postgres") as postgres,
        RayCluster(Path(name), cores=2) as cluster,
        SteadyModel() as model,
    ):
        watched: dict[str, Watched] = {}
        seconds: dict[str, float] = {}
        done: dict[str, int] = {}
        asked = 0
        for kind in ("undisturbed", "disturbed"):
            folder = Path(name) / kind
            folder.mkdir()
            url = postgres.create(kind)
            begun = time.monotonic()
            asked = len(model.requests)
            with Deployment(folder, url, cluster.address, cluster.token, model.base_url) as deployment:
                watched[kind] = Watched(deployment, url)
                try:
                    if kind == "disturbed":
                        done = disturb(deployment, cluster, postgres, watched[kind])
                    watched[kind].wait(deployment)
                except BaseException:
                    print((folder / "log").read_text(errors="replace")[-20_000:])
                    raise
            seconds[kind] = time.monotonic() - begun
        asked = len(model.requests) - asked
        lost = 0
        for place, designer in enumerate(DESIGNERS):
            known, other = (watched[kind].runs[place] for kind in ("undisturbed", "disturbed"))
            store, disturbed = watched["undisturbed"].store, watched["disturbed"].store
            of_known, of_other = (ArtifactStore(str(Path(name) / kind / "data" / "artifacts")) for kind in watched)
            assert figures(disturbed, other) == figures(store, known), f"{designer}: other figures"
            assert policies(disturbed, of_other, other) == policies(store, of_known, known), (
                f"{designer}: other policies"
            )
            follower = watched["disturbed"].followers[place]
            lost += check(disturbed, other, follower, None if designer == "offline" else asked)
        reconnections = sum(follower.reconnections for follower in watched["disturbed"].followers)
        for one in watched.values():
            one.store.close()
    kills = sum(number for victim, number in done.items() if victim != "postgres")
    print(
        f"{kills} kills and {done.get('postgres', 0)} restarts of PostgreSQL ({done}): both runs as undisturbed, bit for bit; "
        f"{asked} requests to the model, {lost} completions possibly paid in vain, {reconnections} reconnections of the streams; "
        f"{seconds['undisturbed']:.0f} s undisturbed, {seconds['disturbed']:.0f} s with the kills"
    )
    return 0 if kills == KILLS and done.get("postgres", 0) == RESTARTS else 1


if __name__ == "__main__":
    sys.exit(main())
