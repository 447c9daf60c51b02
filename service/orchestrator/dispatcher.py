"""Works on whatever waits: several runs at a time, each in a thread of its own, for as long as the process lives."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime

from service.log_context import about
from service.orchestrator.orchestrator import Orchestrator
from service.schema import OrchestratorPresence
from service.store.claims import Claim
from service.store.errors import LeaseLost, StoreUnavailable
from service.store.owner import process_owner
from service.store.store import Store

POLL_SECONDS = 0.5
STORE_AWAY_SECONDS = 2.0
SIGN_SECONDS = 5.0
log = logging.getLogger(__name__)


class Dispatcher:
    """Claims runs for an orchestrator, the longest waiting first; one that has had an iteration gives way to those that wait."""

    def __init__(self, orchestrator: Orchestrator, store: Store, lease_seconds: float, runs_at_once: int) -> None:
        self._orchestrator, self._store = orchestrator, store
        self._lease, self._most = lease_seconds, runs_at_once
        self._working: dict[str, threading.Thread] = {}
        self._started = datetime.now(UTC)
        self._told = 0.0

    def work(self, stop: threading.Event) -> None:
        """Works until `stop` is set; every run is then left for the next process to take up, and is waited for."""
        while not stop.is_set():
            self._working = {run: thread for run, thread in self._working.items() if thread.is_alive()}
            try:
                self._give_sign()
                while len(self._working) < self._most and self._take_one(stop):
                    pass
            except StoreUnavailable as error:
                log.warning("no run can be claimed: %s", error)
                stop.wait(STORE_AWAY_SECONDS)
            stop.wait(POLL_SECONDS)
        for thread in self._working.values():
            thread.join()
        try:
            self._store.orchestrators.gone(process_owner())
        except StoreUnavailable as error:
            log.warning("this orchestrator ends without a word to the others: %s", error)

    def _give_sign(self) -> None:
        at = time.monotonic()
        if self._told and at - self._told < SIGN_SECONDS:
            return
        ray, fault = self._orchestrator.ray()
        presence = OrchestratorPresence(
            owner=process_owner(), started_at=self._started, seen_at=datetime.now(UTC), runs=len(self._working),
            runs_at_once=self._most, ray=ray, fault=fault,
        )  # fmt: skip
        self._store.orchestrators.here(presence)
        self._told = at

    def _take_one(self, stop: threading.Event) -> bool:
        claim = self._store.claim(process_owner(), self._lease)
        if claim is None:
            return False
        thread = threading.Thread(target=self._work_on, args=(claim, stop), name=f"run {claim.run_id}", daemon=True)
        self._working[claim.run_id] = thread
        thread.start()
        return True

    def _work_on(self, claim: Claim, stop: threading.Event) -> None:
        with about(run_id=claim.run_id):
            how = "taken over from an owner that is gone" if claim.taken_over else "claimed"
            log.info("run %s, fencing token %d", how, claim.token)
            try:
                run = self._orchestrator.work_on(claim, stop, self._others_wait)
            except (LeaseLost, StoreUnavailable) as error:
                log.warning("run left: %s", error)
            except Exception:  # the run is paused with the reason; the others go on
                log.exception("run left by a mistake in Rewardsmith itself")
            else:
                log.info(
                    "run left %s%s", run.state, f": {run.reason}" if run.reason else "", extra={"state": run.state}
                )

    def _others_wait(self) -> bool:
        return len(self._working) >= self._most and self._store.waiting()
