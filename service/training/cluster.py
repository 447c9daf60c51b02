"""The connection to Ray: a local one, or the cluster at an address, on whose workers populations are trained."""

from __future__ import annotations

import faulthandler
import logging
import os
import re
import secrets
import signal
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import ray

from service.training.errors import ClusterDied, ClusterUnreachable
from service.training.job import ClusterProgress, TrainingJob
from service.training.packing import Node
from service.training.submission import Submission

OUTLIVING_RAY = {
    "max_direct_call_object_size": 2**26,
    "task_rpc_inlined_bytes_limit": 2**28,
    "gcs_rpc_server_reconnect_timeout_s": 10**6,
}
"""Ray ends the process that reads from the object store (bytes: which are smaller go without it) of a dead raylet, and the one
that has had no control store for so many seconds. This process has more to do, and starts another Ray."""
SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL", re.IGNORECASE)
VITAL = ("raylet", "gcs_server")
log = logging.getLogger(__name__)


class Cluster:
    """A connection to Ray; a context manager that starts a local Ray where no address is given, and ends it.

    `cores` are those of a local Ray; in a cluster each node says how many it has. Workers run in an empty directory: Ray puts
    the caller's own first on their path, where any folder called `envs` or `service` would take the place of ours. They get
    no keys: what the environment holds of them is empty there. A local Ray, which listens on every interface, answers this
    process alone; a cluster that asks for a token is shown RAY_AUTH_TOKEN. Raises `ClusterUnreachable`.
    """

    def __init__(self, address: str | None = None, cores: int | None = None) -> None:
        self._address = address
        self._cores = cores or os.cpu_count() or 1
        self._connected = False
        self._buried: set[str] = set()
        self._users = 0
        self._line: list[Submission] = []
        self._dead = False
        self._change = threading.Condition()
        self._connect()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leaves the cluster; a local one ends. Nobody may train on it then."""
        if self._connected:
            self._connected = False
            ray.shutdown()
            self._parent.shutdown(wait=False)
            self._empty.cleanup()

    def train(self, job: TrainingJob, stopped: Callable[[], bool]) -> Generator[ClusterProgress, None, None]:
        """Trains the members of a job on all nodes, telling of each segment as it is done; asks `stopped` several times a second.

        Several threads may train at a time: a population waits where others have its cores, and whoever comes later waits for it.
        When it ends, for whatever reason, no worker is at work for it any more. Raises `WorkerLost` when workers keep dying
        without getting anywhere, `NoWorkers` when no node is there to train on, `ClusterTooSmall` when the
        members can never have the memory they need, `ClusterDied` when
        the local Ray is gone (the next call starts another), `FitnessFault` when the fitness cannot score an episode,
        `envs.errors.CardMismatch` when the environment is not what its card says, and `TrainingStopped` when asked to stop.
        """
        self._enter()
        try:
            submission = Submission(job, self._nodes, self._buried.add, _watch, self._turn)
            self._line.append(submission)
            try:
                yield from submission.progress(stopped)
            finally:
                self._line.remove(submission)
        except ClusterDied as error:
            log.warning("%s", error)
            self._dead = True
            raise
        finally:
            self._leave()

    def _turn(self, submission: Submission) -> bool:
        line = tuple(self._line)
        return not any(earlier.waits for earlier in line[: line.index(submission)])

    def _enter(self) -> None:
        """Waits until those who train on a Ray that has died have been told, and starts another then."""
        with self._change:
            self._dead = self._dead or (self._connected and bool(_dead_processes()))
            self._change.wait_for(lambda: not (self._dead and self._users))
            self._bury()
            if not self._connected:
                self._connect()
            self._users += 1

    def _leave(self) -> None:
        with self._change:
            self._users -= 1
            self._bury()
            self._change.notify_all()

    def _bury(self) -> None:
        """Ends what is left of a Ray that has died, once nobody trains on it."""
        if self._dead and not self._users:
            self._dead = False
            self.close()

    def _nodes(self) -> list[Node]:
        """The living nodes, with all that they have, whoever uses it now.

        Ray may list a dead node for a minute; what was told to be dead is left out. A node that is started again has a new id.
        """
        known = cast(list[dict[str, Any]], ray.nodes())  # type: ignore[no-untyped-call]  # Ray's own gap
        living = [node for node in known if node["Alive"] and node["NodeID"] not in self._buried]
        return [
            Node(node["NodeID"], int(node["Resources"].get("CPU", 0)), int(node["Resources"].get("memory", 0)))
            for node in living
        ]

    def _connect(self) -> None:
        address = self._address
        if address and address.startswith("ray://"):
            raise ClusterUnreachable(
                f"expected the address of a Ray cluster as host:port, got {address}: Ray's client cannot stream; "
                "run this on a machine of the cluster (`ray start --address=HOST:6379 --num-cpus=0`) and give HOST:6379"
            )
        self._empty = tempfile.TemporaryDirectory(prefix="rewardsmith-")
        if not address:
            # Ray would keep one token for all in a file of the home folder that other users may read.
            os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
        ray._private.worker.print_to_stdstream = _said_by_ray
        try:
            self._parent = ThreadPoolExecutor(1, "parent of Ray")
            self._parent.submit(self._init, address).result()
        except Exception as error:  # a plain one is Ray's word for processes of its own that do not start in time
            self._parent.shutdown(wait=False)
            self._empty.cleanup()
            where = address or "this machine"
            raise ClusterUnreachable(f"expected a Ray cluster at {where}, got: {error}; check RAY_ADDRESS") from error
        self._connected = True
        log.info("connected to Ray at %s", address or "this machine")

    def _init(self, address: str | None) -> None:
        """In a thread that lives as long as the connection: with it Linux ends the processes of a local Ray."""
        ray_log = logging.getLogger("ray")  # it would write lines of its own beside the log of this process
        ray_log.propagate = True
        ray_log.setLevel(logging.ERROR)
        with _own_sigterm():
            ray.init(
                address=address or "local",
                num_cpus=None if address else self._cores,
                include_dashboard=None if address else False,
                log_to_driver=False,
                configure_logging=False,
                runtime_env={"working_dir": self._empty.name, "env_vars": _no_secrets()},
                _system_config=None if address else OUTLIVING_RAY,
            )


@contextmanager
def _own_sigterm() -> Iterator[None]:
    """Puts this process's handler of SIGTERM back afterwards: Ray's would write a trace of its own to standard error.

    Python sets handlers in its main thread alone, but what faulthandler had replaced it puts back in any.
    """
    with Path(os.devnull).open("w", encoding="ascii") as nowhere:
        faulthandler.register(signal.SIGTERM, nowhere, chain=True)
        try:
            yield
        finally:
            faulthandler.unregister(signal.SIGTERM)


def _said_by_ray(data: dict[str, Any], ignore_prefix: bool) -> None:  # noqa: ARG001 -- as Ray calls it
    """Logs what Ray would print on standard output, which belongs to whoever runs this: a paragraph for each lost worker."""
    log.debug("Ray: %s", "\n".join(data["lines"]))


def _no_secrets() -> dict[str, str]:
    return {name: "" for name in os.environ if SECRET.search(name) and not name.startswith("RAY_")}


def _dead_processes() -> list[str]:
    """The vital processes of a Ray that this process had started which have died. Ray says so nowhere else in time."""
    node = ray._private.worker._global_node
    return [kind for kind, _ in node.dead_processes() if kind in VITAL] if node is not None else []


def _watch() -> None:
    """Raises `ClusterDied` when a Ray that this process had started is dead."""
    if dead := _dead_processes():
        raise ClusterDied(f"Ray's {', '.join(dead)} on this machine has died; resume to start another Ray")
