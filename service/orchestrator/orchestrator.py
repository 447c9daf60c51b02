"""Works on a run: takes one step after the other until it ends or must stop, and leaves it in order."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Literal

from envs.card import card
from envs.errors import EnvironmentFault
from sandbox import SandboxFault
from service.artifacts import ArtifactsError, ArtifactStore
from service.evolution.steps import (
    Analyze,
    AwaitFeedback,
    Compare,
    Continue,
    Design,
    Finish,
    Pause,
    Screen,
    StartIteration,
    Step,
    Train,
    next_step,
)
from service.evolution.warm_start import PolicyMismatch
from service.llm.contract import DesignerError
from service.llm.select import make_designer
from service.log_context import about
from service.orchestrator.analyze import analyze, analyze_candidates
from service.orchestrator.compare import compare
from service.orchestrator.design import design
from service.orchestrator.generation import train, train_to_the_end
from service.orchestrator.heartbeat import Heartbeat
from service.orchestrator.patience import Patience
from service.orchestrator.screen import screen
from service.orchestrator.warm_start import check_warm_start
from service.orchestrator.work import Interrupted, Tools
from service.schema import RayState, Run, RunState
from service.settings import Settings
from service.store.claims import Claim
from service.store.errors import LeaseLost, NotFound, StateConflict, StoreUnavailable
from service.store.owner import process_owner
from service.store.store import Store
from service.training.cluster import Cluster
from service.training.errors import ClusterFault, ClusterTooSmall, FitnessFault, TrainingStopped

INTERNAL_ERROR = "an internal error; its trace is in the log of the process that worked on the run"
INFRASTRUCTURE = (ClusterFault, SandboxFault, ArtifactsError, StoreUnavailable)
POLL_SECONDS = 0.25
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Leave:
    """How a run is to be left; `seen`: the last event when its end was decided."""

    state: RunState
    reason: str | None
    seen: int | None = None


class Orchestrator:
    """Works on runs of one store; Ray is started when first needed. A context manager, for any number of threads.

    `left_as` is the state of a run that is interrupted because the process is to end: `paused` for somebody to resume, or
    `queued` where other processes take it up.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        artifacts: ArtifactStore,
        left_as: Literal[RunState.PAUSED, RunState.QUEUED] = RunState.PAUSED,
    ) -> None:
        self._settings, self._store, self._artifacts = settings, store, artifacts
        self._left_as = left_as
        self._cluster: Future[Cluster] | None = None
        self._connecting = threading.Lock()
        self._connector = ThreadPoolExecutor(1, "connecting to Ray")

    def __enter__(self) -> Orchestrator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connector.shutdown()
        if self._cluster is not None and self._cluster.exception() is None:
            self._cluster.result().close()

    def work(self, run_id: str, stop: threading.Event) -> Run:
        """Works on one run until it ends, is paused, or `stop` is set; the run as it then stands.

        Raises `StateConflict` if somebody else works on it or it has ended, and as `work_on` does.
        """
        run = None
        while run is None or (run.state is RunState.QUEUED and not stop.is_set()):
            claim = self._store.claim(process_owner(), self._settings.lease_seconds, run_id)
            if claim is None:
                state = self._store.get_run(run_id).state
                raise StateConflict(
                    f"run {run_id} is {state} and cannot be worked on now: it has ended, is paused, or has an owner"
                )
            run = self.work_on(claim, stop)
        return run

    def work_on(self, claim: Claim, stop: threading.Event, others_wait: Callable[[], bool] = lambda: False) -> Run:
        """Works on a claimed run; where others wait it is queued behind them after an iteration.

        Raises `LeaseLost` if somebody took it over, and `StoreUnavailable` where it could not be left in order: then its
        lease runs out.
        """
        heartbeat = Heartbeat(self._store, claim, self._settings.lease_seconds, stop)
        try:
            with heartbeat:
                leave = self._steps(claim, heartbeat, others_wait)
        except (LeaseLost, StoreUnavailable):
            raise
        except BaseException:
            self._leave(claim, heartbeat, Leave(RunState.PAUSED, INTERNAL_ERROR))
            raise
        self._leave(claim, heartbeat, leave)
        return self._store.get_run(claim.run_id)

    def _leave(self, claim: Claim, heartbeat: Heartbeat, leave: Leave) -> None:
        if not heartbeat.lost:
            self._store.writer(claim).set_run_state(leave.state, leave.reason, leave.seen)

    def _steps(self, claim: Claim, heartbeat: Heartbeat, others_wait: Callable[[], bool]) -> Leave:
        """Steps until the run ends or must stop, and how it is left."""
        try:
            tools = self._tools(claim, heartbeat)
        except EnvironmentFault as error:
            return Leave(RunState.FAILED, str(error))
        patience = Patience(self._settings.infrastructure_retries)
        checked = False
        while not heartbeat.stopped():
            try:
                if not checked:
                    tools.designer.check()
                    check_warm_start(tools)
                    checked = True
                record = tools.record()
                step = next_step(record)
                if isinstance(step, Finish):
                    return Leave(step.state, step.reason, record.last_event)
                if isinstance(step, Pause):
                    return Leave(RunState.PAUSED, step.reason)
                if isinstance(step, AwaitFeedback):
                    return Leave(
                        RunState.AWAITING_FEEDBACK, f"iteration {step.number} is done: to resume the run goes on"
                    )
                if isinstance(step, StartIteration) and step.number > 1 and others_wait():
                    return Leave(RunState.QUEUED, "another run has its turn")
                _timed(tools, step)
                patience.restore()
            except Interrupted:
                break
            except DesignerError as error:
                return Leave(RunState.PAUSED, f"the designer failed: {error}")
            except (FitnessFault, EnvironmentFault, PolicyMismatch, NotFound) as error:
                return Leave(RunState.FAILED, str(error))
            except INFRASTRUCTURE as error:
                seconds = patience.spend()
                if seconds is None or isinstance(error, ClusterTooSmall):
                    return Leave(RunState.PAUSED, f"infrastructure fault: {error}")
                _tell(tools, f"infrastructure fault, another try in {seconds:.0f} s: {error}")
                heartbeat.wait(seconds)
        if heartbeat.wanted is not None:  # the store has the wish itself
            return Leave(RunState.QUEUED, "a user took the wish to leave it back")
        return Leave(self._left_as, "interrupted")

    def _tools(self, claim: Claim, heartbeat: Heartbeat) -> Tools:
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
            stopped=heartbeat.stopped,
            due=heartbeat.due,
            model_concurrency=settings.model_concurrency,
            data_folder=settings.data_folder,
        )

    def connect(self) -> None:
        """Begins to start Ray, or to connect to it, before the first run needs it; who needs it first hears of a fault."""
        self._connected()

    def ray(self) -> tuple[RayState, str | None]:
        """How this process stands with Ray, and what keeps it from there."""
        with self._connecting:
            connecting = self._cluster
        if connecting is None or not connecting.done():
            return RayState.CONNECTING, None
        error = connecting.exception()
        return (RayState.CONNECTED, None) if error is None else (RayState.FAULT, str(error))

    def _connected(self) -> Future[Cluster]:
        with self._connecting:
            if self._cluster is None:
                address, cores = self._settings.ray_address, self._settings.training_cores
                self._cluster = self._connector.submit(Cluster, address, cores)
            return self._cluster

    def _ray(self, stopped: Callable[[], bool]) -> Cluster:
        connecting = self._connected()
        while not connecting.done():
            if stopped():
                raise TrainingStopped
            wait([connecting], timeout=POLL_SECONDS)
        if connecting.exception() is not None:
            with self._connecting:
                self._cluster = None if self._cluster is connecting else self._cluster
        return connecting.result()


def _tell(tools: Tools, text: str) -> None:
    log.warning("%s", text)
    with suppress(StoreUnavailable):  # where the store is what is away, the log has it
        tools.writer.log(text)


def _timed(tools: Tools, step: Step) -> None:
    """Takes a step and says so before and after."""
    name = type(step).__name__
    with about(iteration=_iteration(step)):
        log.info("step begun: %s", name, extra={"step": name})
        started = time.monotonic()
        _take(tools, step)
        seconds = round(time.monotonic() - started, 3)
        log.info("step done: %s, in %.1f s", name, seconds, extra={"step": name, "seconds": seconds})


def _iteration(step: Step) -> int | None:
    match step:
        case StartIteration(number) | Design(number) | Screen(number) | Train(number) | Analyze(number):
            return number
        case _:
            return None


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
        case Finish() | Pause() | AwaitFeedback():
            raise AssertionError("a run that is left takes no step")
