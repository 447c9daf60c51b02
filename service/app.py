"""The application: the API over a store, artifacts and a check of designers, all made by whoever starts it."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import APIRouter, FastAPI

from service.api import candidates, completions, environments, events, export, health, rewards, runs, trainings
from service.api.body_limit import BodyLimit
from service.api.deps import DesignerCheck, Services
from service.api.errors import Problem, install_handlers
from service.artifacts import ArtifactStore
from service.settings import Settings
from service.store import Store

ROOT = "/api/v1"
RESOURCES = (runs, candidates, trainings, completions, events, export, environments, rewards, health)


def create_app(settings: Settings, store: Store, artifacts: ArtifactStore, check_designer: DesignerCheck) -> FastAPI:
    """The ASGI application; `check_designer` says why a designer cannot be used, None if it can."""
    app = FastAPI(
        title="Rewardsmith",
        summary="A sentence and a MuJoCo environment in; a reward function, a trained policy and the evidence out.",
        version=version("rewardsmith"),
        openapi_url=f"{ROOT}/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.services = Services(settings, store, artifacts, check_designer)
    app.add_middleware(BodyLimit)
    install_handlers(app)
    api = APIRouter(prefix=ROOT)
    for resource in RESOURCES:
        api.include_router(resource.router)
    app.include_router(api)
    _document_problems(app)
    return app


def _document_problems(app: FastAPI) -> None:
    document = app.openapi()
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
