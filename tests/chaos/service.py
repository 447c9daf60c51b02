"""Kills API, orchestrators and Ray workers at thirty random moments and restarts PostgreSQL twice, while two runs are worked on.

`make chaos-service` runs it: some minutes on a quiet machine. The moments are drawn from a fixed seed. One run asks a model, whose
stored replies must never be asked for again; the other's designer is offline. Both must end as they do undisturbed, bit for bit.
"""

from __future__ import annotations

import math
import random
import re
import sys
import tempfile
import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx

from service.artifacts import ArtifactStore
from service.llm.loopback import Behaviour, ChatRequest, LoopbackServer, Step, answer
from service.schema import CompletionState, Event, EventKind, RunState
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
        "steps": 42_000,
        "environments": 2,
        "rollout_length": 300,
        "evaluation_episodes": 1,
        "confirmation_episodes": 2,
        "comparison_seeds": 2,
        "halving": {"eta": 2, "fewest": 1, "errors": 0.0, "margin": 0.0},
        "warm_start": "parent",
        "ppo": {"hidden_sizes": [16], "epochs": 1, "minibatch_size": 100},
    },
}
RAY_WORKER, POSTGRES = "ray worker", "postgres"
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
        self._ended = False
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
                if self._ended:
                    return
            except httpx.HTTPError:
                self.reconnections += 1
                self._over.wait(0.2)

    def _read(self, lines: Iterator[str]) -> None:
        number: int | None = None
        for line in lines:
            if line.startswith("id:"):
                number = int(line.removeprefix("id:"))
            elif line.startswith("data:"):  # a stream ends where its run has ended, and where the database is away
                event = Event.model_validate_json(line.removeprefix("data:"))
                self._ended |= event.kind is EventKind.RUN_STATE and event.state == RunState.COMPLETED
            elif not line and number is not None:  # an event is whole when an empty line has come
                self.numbers.append(number)
                number = None


class Watched:
    """The runs of one deployment from their submission to their end, and what is stored of them."""

    def __init__(self, deployment: Deployment) -> None:
        until(lambda: answers(deployment.port), "the API does not answer")
        token = deployment.token()
        self.store: Store = open_store(deployment.database_url)
        self.artifacts = ArtifactStore(str(deployment.data_folder / "artifacts"))
        self.runs = [_submit(deployment.port, token, designer) for designer in DESIGNERS]
        self.followers = [Follower(deployment.port, token, run_id) for run_id in self.runs]
        for follower in self.followers:
            follower.start()

    def ended(self) -> bool:
        """Whether all have; raises `AssertionError` if one stopped that nobody had stopped."""
        known = [self.store.get_run(run_id) for run_id in self.runs]
        for run in known:
            assert run.state not in (RunState.PAUSED, RunState.FAILED), f"{run.id}: {run.state}, {run.reason}"
        return all(run.state is RunState.COMPLETED for run in known)

    def wait(self, deployment: Deployment, seconds: float = math.inf) -> None:
        """For so long at most, or until all have ended; what ends by itself meanwhile is started again."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.ended():
            deployment.restart_the_dead()
            time.sleep(0.2)

    def read_to_the_end(self) -> None:
        """Waits for the streams of runs that have ended."""
        for follower in self.followers:
            follower.join(60)
            assert not follower.is_alive(), "the events of a run that has ended do not end"


def _submit(port: int, token: str, designer: str) -> str:
    headers = {"Authorization": f"Bearer {token}"}
    body = REQUEST | {"designer": designer}
    made = httpx.post(f"http://127.0.0.1:{port}/api/v1/runs", json=body, headers=headers, timeout=60)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def disturb(deployment: Deployment, cluster: RayCluster, postgres: Postgres, watched: Watched) -> Counter[str]:
    """Kills and restarts at random moments, all of them or until the runs have ended; how often each."""
    chance = random.Random(SEED)
    victims = chance.choices((*deployment.names, RAY_WORKER, RAY_WORKER), k=KILLS)
    for place in sorted(chance.sample(range(1, KILLS), RESTARTS), reverse=True):
        victims.insert(place, POSTGRES)
    done: Counter[str] = Counter()
    for victim in victims:
        watched.wait(deployment, chance.uniform(LEAST_BETWEEN, MOST_BETWEEN))
        if victim == POSTGRES:
            postgres.restart()
        elif victim == RAY_WORKER:
            while not cluster.kill_workers() and not watched.ended():
                watched.wait(deployment, 0.05)
        else:
            deployment.kill(victim)
        if watched.ended():
            break
        done[victim] += 1
        print(f"{done.total()}: {victim}", flush=True)
    return done


def check(watched: Watched, place: int, requests: int | None) -> int:
    """Completions paid once, no candidate lost, events whole and in order; how many completions were possibly paid in vain."""
    store, run_id = watched.store, watched.runs[place]
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
    assert watched.followers[place].numbers == numbers, "the stream of events lost or repeated one"
    return len(lost)


def compare(disturbed: Watched, undisturbed: Watched, requests: int) -> int:
    """Every figure and every policy is the same; how many completions were possibly paid in vain."""
    lost = 0
    for place, designer in enumerate(DESIGNERS):
        run_id, known = disturbed.runs[place], undisturbed.runs[place]
        assert figures(disturbed.store, run_id) == figures(undisturbed.store, known), f"{designer}: other figures"
        policies_known = policies(undisturbed.store, undisturbed.artifacts, known)
        assert policies(disturbed.store, disturbed.artifacts, run_id) == policies_known, f"{designer}: other policies"
        lost += check(disturbed, place, None if designer == "offline" else requests)
    return lost


def main() -> int:
    """0 if both runs ended as undisturbed, after all kills."""
    with (
        tempfile.TemporaryDirectory(prefix="chaos-") as name,
        Postgres(Path(name) / "postgres") as postgres,
        RayCluster(Path(name), cores=2) as cluster,
        SteadyModel() as model,
    ):
        watched, seconds, requests = [], [], [0]
        done: Counter[str] = Counter()
        for kind in ("undisturbed", "disturbed"):
            begun = time.monotonic()
            with Deployment(Path(name) / kind, postgres.create(kind), cluster, model.base_url) as deployment:
                watched.append(Watched(deployment))
                if kind == "disturbed":
                    done = disturb(deployment, cluster, postgres, watched[-1])
                watched[-1].wait(deployment)
                watched[-1].read_to_the_end()
            seconds.append(time.monotonic() - begun)
            requests.append(len(model.requests))
        lost = compare(watched[1], watched[0], requests[2] - requests[1])
        reconnections = sum(follower.reconnections for follower in watched[1].followers)
        for one in watched:
            one.store.close()
    kills = done.total() - done[POSTGRES]
    print(
        f"{kills} kills and {done[POSTGRES]} restarts of PostgreSQL: both runs as undisturbed, bit for bit; "
        f"{requests[2] - requests[1]} requests to the model, {lost} completions possibly paid in vain, "
        f"{reconnections} streams taken up again; {seconds[0]:.0f} s undisturbed, {seconds[1]:.0f} s with the kills"
    )
    return 0 if kills == KILLS and done[POSTGRES] == RESTARTS else 1


if __name__ == "__main__":
    sys.exit(main())
