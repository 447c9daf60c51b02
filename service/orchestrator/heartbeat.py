"""The sign of life of whoever works on a run, and what is heard at it: wishes, a lost lease, a budget that is used up."""

from __future__ import annotations

import logging
import threading
import time
from types import TracebackType

from service.evolution.budget import exhausted
from service.log_context import carried
from service.schema import RunState
from service.store.claims import Claim
from service.store.errors import LeaseLost, NotFound, StoreUnavailable
from service.store.store import Pulse, Store

LONGEST_SECONDS = 1.0
"""Between two beats: what users wish and what budgets allow is known as late as that."""
log = logging.getLogger(__name__)


class Heartbeat:
    """Keeps a claim alive from a thread of its own and counts the time worked; a context manager.

    `stop` is set when the process is to end.
    """

    def __init__(self, store: Store, claim: Claim, lease_seconds: float, stop: threading.Event) -> None:
        self._store, self._claim, self._lease = store, claim, lease_seconds
        self._stop = stop
        self._ended = threading.Event()
        self._counted = time.monotonic()
        self._pulse: Pulse | None = None
        self._thread = threading.Thread(
            target=carried(self._keep_beating), name=f"heartbeat {claim.run_id}", daemon=True
        )
        self.lost = False

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def wanted(self) -> RunState | None:
        """The state that a user wishes for, if any."""
        return None if self._pulse is None else self._pulse.wanted

    def stopped(self) -> bool:
        """Whether the run must not be worked on further: a user's wish, a lost lease, or the process is to end."""
        return self._stop.is_set() or self.lost or self.wanted is not None

    def due(self) -> str | None:
        """One sentence on the budget that is used up, None while there is some left."""
        return None if self._pulse is None else exhausted(self._pulse.budget, self._pulse.spending)

    def wait(self, seconds: float) -> None:
        """Waits so long, but no longer than the run may be worked on."""
        until = time.monotonic() + seconds
        while not self.stopped() and (left := until - time.monotonic()) > 0:
            self._stop.wait(min(left, LONGEST_SECONDS / 4))

    def _keep_beating(self) -> None:
        while not self.lost and not self._ended.wait(min(LONGEST_SECONDS, self._lease / 4)):
            self._beat()
        if not self.lost:
            self._beat()

    def _beat(self) -> None:
        worked = time.monotonic() - self._counted
        wanted = self.wanted
        try:
            self._pulse = self._store.heartbeat(self._claim, self._lease, worked)
            self._counted += worked
        except (LeaseLost, NotFound) as error:  # the run may be deleted once somebody else has had it
            self.lost = True
            log.warning("lease lost: %s", error)
        except StoreUnavailable as error:  # away for a moment; if for longer, the lease runs out
            log.warning("no sign of life could be given: %s", error)
        except Exception:
            log.exception("no sign of life could be given")
        if self.wanted is not None and self.wanted is not wanted:
            log.info("a user wishes the run %s", self.wanted)
