"""What routes depend on, with types.

All `async`, for what is not is called in a thread, and none depends on another: either costs more than what they do.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Protocol, cast

from anyio import CapacityLimiter
from fastapi import Depends, Request
from fastapi import Path as InPath
from prometheus_client import CollectorRegistry

from service.api.rate_limit import RateLimit
from service.api.recognition import Recognition
from service.api.watch import Watch
from service.artifacts import ArtifactStore
from service.settings import Settings
from service.store import Store


class DesignerCheck(Protocol):
    """Says before anything is stored or spent why a designer cannot be used; None if it can. Called from several threads."""

    def __call__(self, designer: str) -> str | None:
        """The reason, with how to mend it and never a key."""


@dataclass(frozen=True)
class Services:
    """What the application was made with; `open_access`: nobody is asked for a token.

    `checks`: of rewards, so many at once; whoever waits for one holds no thread, and so keeps nobody else from an answer.
    """

    settings: Settings
    store: Store
    artifacts: ArtifactStore
    check_designer: DesignerCheck
    open_access: bool
    recognition: Recognition
    rate_limit: RateLimit
    metrics: CollectorRegistry
    watch: Watch
    checks: CapacityLimiter


def services_of(request: Request) -> Services:
    """The services of the application that answers this request."""
    return cast(Services, request.app.state.services)


async def store_of(request: Request) -> Store:
    """The application's store."""
    return services_of(request).store


async def artifacts_of(request: Request) -> ArtifactStore:
    """The application's artifacts."""
    return services_of(request).artifacts


async def watch_of(request: Request) -> Watch:
    """What looks at the runs that this process streams."""
    return services_of(request).watch


async def checks_of(request: Request) -> CapacityLimiter:
    """How many rewards may be checked at once."""
    return services_of(request).checks


async def data_folder_of(request: Request) -> Path:
    """The folder in which this installation keeps its own baselines, among others."""
    return services_of(request).settings.data_folder


async def designer_check_of(request: Request) -> DesignerCheck:
    """The application's check of designers."""
    return services_of(request).check_designer


async def metrics_of(request: Request) -> CollectorRegistry:
    """The metrics of the deployment and of whoever answers."""
    return services_of(request).metrics


ID_PATTERN = r"^[A-Za-z0-9_-]{1,64}$"
CurrentStore = Annotated[Store, Depends(store_of)]
CurrentDataFolder = Annotated[Path, Depends(data_folder_of)]
CurrentArtifacts = Annotated[ArtifactStore, Depends(artifacts_of)]
CurrentMetrics = Annotated[CollectorRegistry, Depends(metrics_of)]
CurrentChecks = Annotated[CapacityLimiter, Depends(checks_of)]
CurrentWatch = Annotated[Watch, Depends(watch_of)]
CurrentDesignerCheck = Annotated[DesignerCheck, Depends(designer_check_of)]
RunId = Annotated[str, InPath(pattern=ID_PATTERN, description="A run's id.", examples=["r-0123456789"])]
CandidateId = Annotated[str, InPath(pattern=ID_PATTERN, description="A candidate's id.", examples=["r-0123456789-1-0"])]
