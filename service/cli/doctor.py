"""Says what works on this machine and how to mend what does not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass

from service.cli.faults import Infrastructure
from service.cli.tables import print_table
from service.cli.terminal import console, print_json
from service.settings import Settings

LEAST_FREE_GIB = 2.0
GIB = 2**30
SECONDS_FOR_RAY = 120


@dataclass(frozen=True)
class Check:
    """One thing that was tried, whether it works, and the figures or what to do."""

    name: str
    ok: bool
    detail: str


def examine(settings: Settings, model: str | None, *, as_json: bool) -> None:
    """Tries everything and prints it. Raises `Infrastructure` naming what does not work."""
    parts: dict[str, Callable[[], str]] = {
        "sandbox": _sandbox,
        "ray": lambda: _ray(settings),
        "disk": lambda: _disk(settings),
        "database": lambda: _database(settings),
    }
    if model is not None:
        parts["model"] = lambda: _model(settings, model)
    checks = [_tried(name, part) for name, part in parts.items()]
    if as_json:
        print_json([asdict(check) for check in checks])
    else:
        rows = [(check.name, "works" if check.ok else "FAILS", check.detail) for check in checks]
        print_table(console(), "", ("part", "", ""), rows)
    broken = [check.name for check in checks if not check.ok]
    if broken:
        raise Infrastructure(f"{', '.join(broken)}: does not work here")


def _tried(name: str, part: Callable[[], str]) -> Check:
    try:
        return Check(name, ok=True, detail=part())
    except Exception as error:  # noqa: BLE001  (whatever is broken here is what the user wants to read)
        return Check(name, ok=False, detail=f"{error}" or type(error).__name__)


def _sandbox() -> str:
    from sandbox import self_check

    found = self_check()
    landlock = "no Landlock" if found.landlock_abi is None else f"Landlock ABI {found.landlock_abi}"
    seccomp = "seccomp" if found.seccomp else "no seccomp"
    held = f"{len(found.held)} confinement checks held"
    speed = f"ready in {found.ready_ms:.0f} ms, 4,096 transitions in {found.round_trip_ms:.2f} ms"
    return f"{held}; {seccomp}, {landlock}; {speed}"


def _ray(settings: Settings) -> str:
    from service.training.cluster import Cluster  # isort: skip -- sets what Ray reads when it is imported
    import ray

    with Cluster(settings.ray_address, settings.training_cores):
        cores = ray.get(ray.remote(_cores).remote(), timeout=SECONDS_FOR_RAY)
    where = settings.ray_address or "local"
    return f"Ray {ray.__version__}, {where}: a task ran on a machine with {cores} cores"


def _cores() -> int | None:
    import os

    return os.cpu_count()


def _disk(settings: Settings) -> str:
    from service.artifacts import ArtifactStore

    artifacts = ArtifactStore(settings.artifacts_url)
    artifacts.put("doctor/probe", b"probe")
    if artifacts.get("doctor/probe") != b"probe":
        raise Infrastructure(f"{settings.artifacts_url} gave back something else than was written")
    artifacts.delete_prefix("doctor")
    folder = next(path for path in (settings.data_folder, *settings.data_folder.parents) if path.exists())
    free = shutil.disk_usage(folder).free / GIB
    if free < LEAST_FREE_GIB:
        raise Infrastructure(f"{folder}: {free:.1f} GiB free, {LEAST_FREE_GIB:.0f} GiB wanted; free some space")
    return f"{settings.artifacts_url}: written and read; {free:.1f} GiB free"


def _database(settings: Settings) -> str:
    from service.store.database import Database

    database = Database(settings.database_url)
    try:
        database.prepare()
        with database.writing() as session:
            session.connection()
    finally:
        database.close()
    return f"{database.where}: reads and writes"


def _model(settings: Settings, model: str) -> str:
    from envs.card import card
    from service.llm.contract import DesignRequest
    from service.llm.select import make_designer
    from service.schema import Fitness, Message

    hopper = card("Hopper-v5")
    metric = hopper.metrics[0]
    designer = make_designer(
        model, 1.0, settings.model_base_url, settings.model_timeout_seconds, settings.model_retries
    )
    designer.check()
    reply = designer.design(
        DesignRequest(
            card=hopper, task="stand", fitness=Fitness(name=metric.name, score=metric.score, success=metric.success),
            statistics={}, iteration=1, slot=0, attempt=0, seed=0, parents=(), rejected=None,
            messages=(Message(role="user", content="Answer with the one word: ready"),),
        )
    )  # fmt: skip
    usage = reply.usage
    price = "price unknown" if usage.usd is None else f"{usage.usd:.6f} USD"
    tokens = f"{usage.prompt_tokens} + {usage.completion_tokens} tokens"
    return f"{designer.name}: answered in {usage.latency_seconds:.1f} s, {tokens}, {price}"
