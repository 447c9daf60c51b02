"""One Settings object: what an installation decides, from environment variables (`REWARDSMITH_…`) and a `.env` file.

A request can never choose what stands here. Keys of model providers are no settings: they are read from the environment
by the model client alone.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

Folder = Annotated[Path, AfterValidator(lambda path: path.expanduser().absolute())]


def default_data_folder() -> Path:
    """`rewardsmith` in the user's data folder (`XDG_DATA_HOME`, or ~/.local/share)."""
    chosen = Path(os.environ.get("XDG_DATA_HOME", ""))
    base = chosen if chosen.is_absolute() else Path.home() / ".local" / "share"
    return base / "rewardsmith"


class Settings(BaseSettings):
    """What an installation decides. Raises pydantic's `ValidationError` naming the setting that is wrong."""

    model_config = SettingsConfigDict(
        env_prefix="REWARDSMITH_", env_file=".env", extra="ignore", frozen=True, populate_by_name=True
    )

    url: str | None = Field(
        None,
        pattern=r"^https?://",
        description="The server whose API the commands use, as https://lab.example; they work in this process if not given.",
    )
    token: SecretStr | None = Field(None, description="The token that the commands show to that server.")
    data_folder: Folder = Field(
        default_factory=default_data_folder, description="Folder of the database and the artifacts, made when missing."
    )
    database_url: str = Field(
        default_factory=lambda known: f"sqlite:///{known['data_folder']}/rewardsmith.db",
        description="Where runs are stored, as an SQLAlchemy URL; an SQLite file in the data folder if not given.",
    )
    artifacts_url: str = Field(
        default_factory=lambda known: str(known["data_folder"] / "artifacts"),
        description="Where policies and checkpoints are stored: a folder, or a URL that fsspec knows, as s3://bucket/prefix.",
    )
    ray_address: str | None = Field(
        None,
        validation_alias=AliasChoices("REWARDSMITH_RAY_ADDRESS", "RAY_ADDRESS"),
        description="Address of a Ray cluster, HOST:PORT; RAY_ADDRESS is read too. A local Ray is started if not given.",
    )
    training_cores: int = Field(
        default_factory=lambda: len(os.sched_getaffinity(0)),
        ge=1,
        description="Processor cores of the local Ray, not of a cluster's nodes; all that this process may use if not given.",
    )
    model_base_url: str | None = Field(
        None,
        pattern=r"^https?://",
        description="Base URL of an OpenAI-compatible server for models named openai/…; the provider's own if not given.",
    )
    model_timeout_seconds: float = Field(120.0, gt=0, description="Seconds that one request to a model may take.")
    model_retries: int = Field(
        4, ge=0, le=20, description="Times a request to a model is repeated after 429, 5xx or a time-out."
    )
    model_concurrency: int = Field(
        8, ge=1, le=256, description="Requests to models that one run may have open at once."
    )
    infrastructure_retries: int = Field(
        6,
        ge=0,
        le=100,
        description="Times a step is repeated, after growing pauses, where Ray, disk or store fail; then it pauses.",
    )
    runs_at_once: int = Field(
        2, ge=1, le=64, description="Runs that one orchestrator works on side by side; others take turns with them."
    )
    requests_per_minute: int = Field(
        600,
        ge=1,
        le=10**6,
        description="Requests that one token, or an address without one, may make of each API process.",
    )
    lease_seconds: float = Field(
        20.0, gt=0, description="Seconds without a sign of life after which another process may take a run over."
    )
    keep_checkpoints_days: int | None = Field(
        None, ge=0, description="Days after which `rewardsmith prune` deletes checkpoints of runs that have ended."
    )
    keep_runs_days: int | None = Field(
        None, ge=0, description="Days after which `rewardsmith prune` deletes runs that have ended, with all they have."
    )
