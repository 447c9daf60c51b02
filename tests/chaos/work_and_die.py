"""Works on a run as `rewardsmith` does, and kills its whole process tree with SIGKILL at one write to the store.

Run as a module: DATA_FOLDER RUN_ID METHOD WHEN NTH, where WHEN is `before` or `after` the write is committed; METHOD `never`
lets it live.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from service.artifacts import ArtifactStore
from service.orchestrator.orchestrator import Orchestrator
from service.settings import Settings
from service.store.change import Change
from service.store.claims import Claim
from service.store.database import Database
from service.store.store import Store, open_store
from service.store.writer import Writer
from tests.descendants import kill


class Death:
    """Comes at the nth call of one method of the writer, before or after its transaction is committed."""

    def __init__(self, method: str, when: str, nth: int) -> None:
        self._method, self._when, self._left = method, when, nth
        self._lock = threading.Lock()

    def at(self, method: str, when: str) -> None:
        if method != self._method or when != self._when:
            return
        with self._lock:
            self._left -= 1
            if self._left == 0:
                kill(psutil.Process().children(recursive=True))
                os.kill(os.getpid(), signal.SIGKILL)


class MortalWriter(Writer):
    def __init__(self, database: Database, claim: Claim, death: Death) -> None:
        super().__init__(database, claim)
        self._death = death

    @contextmanager
    def _change(self, *, after_leaving: bool = False) -> Iterator[Change]:
        method = sys._getframe(2).f_code.co_name
        with super()._change(after_leaving=after_leaving) as change:
            yield change
            self._death.at(method, "before")
        self._death.at(method, "after")


class MortalStore(Store):
    death: Death

    def writer(self, claim: Claim) -> Writer:
        return MortalWriter(self._database, claim, self.death)


def main() -> None:
    folder, run_id, method, when, nth = sys.argv[1:]
    settings = Settings(data_folder=Path(folder), training_cores=2)
    store = open_store(settings.database_url)
    store.__class__ = MortalStore
    assert isinstance(store, MortalStore)
    store.death = Death(method, when, int(nth))
    with Orchestrator(settings, store, ArtifactStore(settings.artifacts_url)) as orchestrator:
        orchestrator.work(run_id, threading.Event())


if __name__ == "__main__":
    main()
