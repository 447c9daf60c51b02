"""Trains populations on Ray: a local one, or the cluster at an address; progress comes back as values.

Ray's own retry of a streaming task loses values, so it is off: whoever stores the progress submits what is left again.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import tempfile
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import cast

import ray
from ray.exceptions import RayError, RayTaskError

from service.training.errors import ClusterUnreachable, FitnessFault, TrainingStopped, WorkerLost
from service.training.job import Progress, TrainingJob

POLL_SECONDS = 0.25
LOCAL_SETTINGS = {
    "RAY_DEDUP_LOGS": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL", re.IGNORECASE)
log = logging.getLogger(__name__)


class Cluster:
    """A connection to Ray; a context manager that starts a local Ray where no address is given, and ends it.

    Workers run in an empty directory: Ray puts the caller's own first on their path, where any folder called `envs`
    or `service` would take the place of ours. They get no keys: what the environment holds of them is empty there. A local
    Ray, which listens on every interface, answers this process alone. Raises `ClusterUnreachable`.
    """

    def __init__(self, address: str | None = None, cores: int | None = None) -> None:
        self._cores = cores or os.cpu_count() or 1
        self._empty = tempfile.TemporaryDirectory(prefix="rewardsmith-")
        os.environ.update(LOCAL_SETTINGS)
        if not address:
            # Ray would keep one token for all in a file of the home folder that other users may read.
            os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
        try:
            ray.init(
                address=address or "local",
                num_cpus=None if address else self._cores,
                include_dashboard=None if address else False,
                log_to_driver=False,
                logging_level=logging.ERROR,
                runtime_env={"working_dir": self._empty.name, "env_vars": _no_secrets()},
            )
        except (RayError, ConnectionError, OSError, RuntimeError) as error:
            self._empty.cleanup()
            where = address or "this machine"
            raise ClusterUnreachable(f"expected a Ray cluster at {where}, got: {error}; check RAY_ADDRESS") from error

    def __enter__(self) -> Cluster:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leaves the cluster; a local one ends."""
        ray.shutdown()
        self._empty.cleanup()

    def train(self, job: TrainingJob, stopped: Callable[[], bool]) -> Iterator[Progress]:
        """Trains a population, telling of each segment as it is done; asks `stopped` several times a second.

        Raises `WorkerLost` when the worker dies (submit what is left again), `FitnessFault` when the fitness cannot score
        an episode, and `TrainingStopped` when asked to stop.
        """
        progress = cast(ray.ObjectRefGenerator, _train.options(num_cpus=self._cores).remote(job, self._cores))
        try:
            while True:
                ready, _ = ray.wait([progress], timeout=POLL_SECONDS, fetch_local=False)
                if stopped():
                    raise TrainingStopped
                if not ready:
                    continue
                try:
                    yield ray.get(next(progress))
                except StopIteration:
                    return
        except RayTaskError as error:
            if isinstance(error.cause, FitnessFault):
                raise FitnessFault(str(error.cause)) from error
            raise WorkerLost(f"a training worker failed: {error.cause}") from error
        except RayError as error:
            raise WorkerLost(f"a training worker was lost: {type(error).__name__}") from error
        finally:
            ray.cancel(progress, force=True)


def _no_secrets() -> dict[str, str]:
    return {name: "" for name in os.environ if SECRET.search(name) and not name.startswith("RAY_")}


@ray.remote(max_retries=0, num_returns="streaming")
def _train(job: TrainingJob, threads: int) -> Iterator[Progress]:
    """What a worker runs; imports JAX and EnvPool there and not in the caller."""
    from service.training.population import Population

    yield from Population(job, threads).train()
