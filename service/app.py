"""The application: the API over a store, artifacts and a check of designers, all made by whoever starts it."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

import httpx
from anyio import CapacityLimiter, to_thread
from fastapi import Depends, FastAPI

from service.api import (
    candidates,
    census,
    completions,
    environments,
    estimates,
    events,
    export,
    health,
    lineage,
    metrics,
    people,
    replays,
    rewards,
    runs,
    stills,
    trainings,
)
from service.api.access import REFUSALS, authorise
from service.api.body_limit import BodyLimit
from service.api.deps import DesignerCheck, Services
from service.api.errors import Problem, install_handlers
from service.api.rate_limit import RateLimit
from service.api.recognition import Recognition
from service.api.watch import Watch
from service.artifacts import ArtifactStore
from service.settings import Settings
from service.store import Store

ROOT = "/api/v1"
CHECKS_AT_ONCE = 2
THREADS = 6
"""Requests that a process works on at once, others wait for their turn: its threads share one interpreter, and with more of them
the event loop, which has to answer, waits for all."""
ARENAS = 2
"""Parts of memory that the C library lends to threads: each keeps what its threads had at most, and with its own choice of eight
a core a process that forever does the same swings by a few MiB and is the larger for it."""
_M_ARENA_MAX = -8  # malloc.h of glibc
RESOURCES = (
    estimates, runs, candidates, replays, lineage, people, trainings, completions, events, export, stills, environments, rewards,
    metrics, census,
)  # fmt: skip


@asynccontextmanager
async def answering(app: FastAPI) -> AsyncIterator[None]:
    """As long as the application serves: with few threads, little memory put by for them, its routes made, and no pause to look
    for garbage among what stays.

    That pause is 85 ms long without `freeze`, every few thousand requests, and all that are open wait for it. FastAPI makes its
    routes while it answers the first request, which takes as long: that one is ours.
    """
    ctypes.CDLL(None).mallopt(_M_ARENA_MAX, ARENAS)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as first:
        await first.get(f"{ROOT}/healthz")
    to_thread.current_default_thread_limiter().total_tokens = THREADS
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


class Application(FastAPI):
    """An application whose document describes problems too. It is made for whoever asks for it first: no command does."""

    def openapi(self) -> dict[str, object]:
        """The OpenAPI document."""
        document = super().openapi()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(problem.pop("$defs", {}))
        schemas["Problem"] = problem
        return document


def create_app(
    settings: Settings,
    store: Store,
    artifacts: ArtifactStore,
    check_designer: DesignerCheck,
    *,
    open_access: bool = False,
) -> FastAPI:
    """The ASGI application; `check_designer` says why a designer cannot be used, None if it can.

    `open_access` asks nobody for a token: for what answers this machine alone.
    """
    app = Application(
        title="Rewardsmith",
        summary="A sentence and a MuJoCo environment in; a reward function, a trained policy and the evidence out.",
        version=version("rewardsmith"),
        openapi_url=f"{ROOT}/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=answering,
    )
    app.state.services = Services(
        settings,
        store,
        artifacts,
        check_designer,
        open_access,
        Recognition(store.tokens),
        RateLimit(settings.requests_per_minute),
        metrics.registry_of(store),
        Watch(store),
        CapacityLimiter(CHECKS_AT_ONCE),
    )
    app.add_middleware(BodyLimit)
    install_handlers(app)
    for resource in RESOURCES:
        app.include_router(resource.router, prefix=ROOT, dependencies=[Depends(authorise)], responses=REFUSALS)
    app.include_router(health.router, prefix=ROOT)
    return app
