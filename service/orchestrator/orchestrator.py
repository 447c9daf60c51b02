"""Works on runs: claims one, keeps its lease alive, and takes one step after the other until it ends or must stop."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType

from envs.card import card
from envs.errors import EnvironmentFault
from sandbox import SandboxFault
from service.artifacts import ArtifactsError, ArtifactStore
from service.evolution.steps import (
    Analyze,
    Compare,
    Continue,
    Design,
    Finish,
    Screen,
    StartIteration,
    Step,
    Train,
    next_step,
)
from service.evolution.warm_start import PolicyMismatch
from service.llm.contract import DesignerError
from service.llm.select import make_designer
from service.orchestrator.analyze import analyze, analyze_candidates
from service.orchestrator.compare import compare
from service.orchestrator.design import design
from service.orchestrator.generation import train, train_to_the_end
from service.orchestrator.screen import screen
from service.orchestrator.warm_start import check_warm_start
from service.orchestrator.work import Interrupted, Tools
from service.schema import Run, RunState
from service.settings import Settings
from service.store.claims import Claim
from service.store.errors import LeaseLost, NotFound, StateConflict
from service.store.owner import process_owner
from service.store.store import Store
from service.training.cluster import Cluster
from service.training.errors import ClusterFault, FitnessFault

INTERNAL_ERROR = "an internal error; its trace is in the log of the process that worked on the run"
log = logging.getLogger(__name__)


class Heartbeat:
    """Keeps a claim alive from a thread of its own and listens for what users wish; a context manager."""

    def __init__(self, store: Store, claim: Claim, lease_seconds: float, stop: threading.Event) -> None:
        self._store, self._claim, self._lease = store, claim, lease_seconds
        self._stop = stop
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat {claim.run_id}", daemon=True)
        self.wanted: RunState | None = None
        self.lost = False

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def stopped(self) -> bool:
        """Whether the run must not be worked on further: a user's wish, a lost lease, or the process is to end."""
        return self._stop.is_set() or self.lost or self.wanted is not None

    def _beat(self) -> None:
        while not self._ended.wait(min(1.0, self._lease / 4)):
            try:
                self.wanted = self._store.heartbeat(self._claim, self._lease)
            except LeaseLost:
                self.lost = True
                return
            except Exception:  # a store that is away for a moment must not end the run; a lease that runs out will
                log.exception("heartbeat of run %s failed", self._claim.run_id)


class Orchestrator:
    """Works on runs of one store, one after the other; Ray is started when first needed. A context manager."""

    def __init__(self, settings: Settings, store: Store, artifacts: ArtifactStore) -> None:
        self._settings, self._store, self._artifacts = settings, store, artifacts
        self._cluster: Cluster | None = None

    def __enter__(self) -> Orchestrator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._cluster is not None:
            self._cluster.close()

    def work(self, run_id: str, stop: threading.Event) -> Run:
        """Works on one run until it ends, is paused, or `stop` is set; the run as it then stands.

        Raises `StateConflict` if somebody else works on it or it has ended, and `LeaseLost` if somebody took it over.
        """
        claim = self._store.claim(process_owner(), self._settings.lease_seconds, run_id)
        if claim is None:
            state = self._store.get_run(run_id).state
            raise StateConflict(
                f"run {run_id} is {state} and cannot be worked on now: it has ended, is paused, or has an owner"
            )
        with Heartbeat(self._store, claim, self._settings.lease_seconds, stop) as heartbeat:
            try:
                state, reason = self._steps(claim, heartbeat)
            except LeaseLost:
                raise
            except BaseException:
                self._leave(claim, heartbeat, RunState.PAUSED, INTERNAL_ERROR)
                raise
        self._leave(claim, heartbeat, state, reason)
        return self._store.get_run(run_id)

    def _leave(self, claim: Claim, heartbeat: Heartbeat, state: RunState, reason: str | None) -> None:
        if not heartbeat.lost:
            self._store.writer(claim).set_run_state(state, reason)

    def _steps(self, claim: Claim, heartbeat: Heartbeat) -> tuple[RunState, str | None]:
        """Steps until the run ends or must stop, and the state it is left in."""
        tools = self._tools(claim, heartbeat.stopped)
        try:
            tools.designer.check()
            check_warm_start(tools)
            while not heartbeat.stopped():
                started = time.monotonic()
                step = next_step(tools.record())
                if isinstance(step, Finish):
                    return step.state, step.reason
                _take(tools, step)
                tools.writer.add_seconds(time.monotonic() - started)
        except Interrupted:
            pass
        except DesignerError as error:
            return RunState.PAUSED, f"the designer failed: {error}"
        except (FitnessFault, EnvironmentFault, PolicyMismatch, NotFound) as error:
            return RunState.FAILED, str(error)
        except (ClusterFault, SandboxFault, ArtifactsError) as error:
            return RunState.PAUSED, f"infrastructure fault: {error}"
        if heartbeat.wanted is not None:
            return heartbeat.wanted, "asked for by a user"
        return RunState.PAUSED, "interrupted"

    def _tools(self, claim: Claim, stopped: Callable[[], bool]) -> Tools:
        run = self._store.get_run(claim.run_id)
        settings = self._settings
        return Tools(
            store=self._store,
            writer=self._store.writer(claim),
            artifacts=self._artifacts,
            card=card(run.request.environment),
            designer=make_designer(
                run.request.designer,
                run.request.temperature,
                settings.model_base_url,
                settings.model_timeout_seconds,
                settings.model_retries,
            ),
            cluster=self._ray,
            stopped=stopped,
            model_concurrency=settings.model_concurrency,
            data_folder=settings.data_folder,
        )

    def _ray(self) -> Cluster:
        if self._cluster is None:
            self._cluster = Cluster(self._settings.ray_address, self._settings.training_cores)
        return self._cluster


def _take(tools: Tools, step: Step) -> None:
    match step:
        case StartIteration(number):
            tools.writer.start_iteration(number)
        case Design(iteration):
            design(tools, iteration)
        case Screen(iteration):
            screen(tools, iteration)
        case Train(iteration):
            train(tools, iteration)
        case Analyze(iteration):
            analyze(tools, iteration)
        case Continue(candidate_ids):
            train_to_the_end(tools, candidate_ids)
            analyze_candidates(tools, candidate_ids)
        case Compare(winner_id):
            compare(tools, winner_id)
        case Finish():
            raise AssertionError("a finished run takes no step")
