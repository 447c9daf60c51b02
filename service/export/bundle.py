"""The files of an export, one after the other: into a folder, or as a zip that is sent while it is made."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

from pydantic import TypeAdapter

from envs.card import EnvCard, card
from service.artifacts import ArtifactStore
from service.export.lineage import LineageEntry, accepted, file_name, lineage
from service.export.picture import picture
from service.export.report import CURVES, report
from service.export.reward_file import refused_file, reward_file
from service.export.trained_policy import TrainedPolicy, trained_policy
from service.export.wrapper_file import wrapper_file
from service.schema import Baseline, RunRecord, Training
from service.store import Store


@dataclass(frozen=True)
class ExportFile:
    """One file; `path` is made of our own words and numbers, never of what a model or a request wrote."""

    path: str
    content: bytes


def stream_export(
    store: Store, artifacts: ArtifactStore, run_id: str, baseline: Baseline | None = None
) -> Iterator[bytes]:
    """A run's export as a zip, made while it is sent; its candidates are measured by `baseline`.

    Raises `NotFound`, `EnvironmentUnknown` where its card is gone, `StoreUnavailable` and `ArtifactsError`.
    """
    record = store.record(run_id)
    best = record.run.best_candidate_id
    policy = None if best is None else trained_policy(record, best, store, artifacts)
    return zipped(export_files(record, card(record.run.request.environment), policy, baseline))


def export_files(
    record: RunRecord, card: EnvCard, policy: TrainedPolicy | None, baseline: Baseline | None = None
) -> Iterator[ExportFile]:
    """All files of a run's export. One that has no winner yet has neither `reward.py` nor a policy."""
    run = record.run
    winner = next((candidate for candidate in record.candidates if candidate.id == run.best_candidate_id), None)
    yield ExportFile("report.md", _utf8(report(record, policy.training if policy else None, baseline)))
    yield ExportFile(CURVES, picture(record))
    yield ExportFile("request.json", _utf8(run.request.model_dump_json(indent=2) + "\n"))
    if winner is not None:
        yield ExportFile("reward.py", _utf8(reward_file(run, winner, card)))
        if card.engine.reference is not None:
            yield ExportFile("wrapper.py", _utf8(wrapper_file(card)))
    if policy is not None:
        yield ExportFile("policy.safetensors", policy.content)
        yield ExportFile("policy.json", _utf8(policy_description(card, policy.training)))
        yield ExportFile("policy.py", (files("service.export") / "policy.py").read_bytes())
    for candidate in record.candidates:
        code = reward_file(run, candidate, card) if accepted(candidate) else refused_file(candidate)
        yield ExportFile(f"candidates/{file_name(candidate)}", _utf8(code))
    entries = TypeAdapter(list[LineageEntry]).dump_json(lineage(record.candidates), indent=2)
    yield ExportFile("candidates/lineage.json", entries + b"\n")


def policy_description(card: EnvCard, training: Training) -> str:
    """`policy.json`: what a loader must know beside the tensors, and where the policy comes from."""
    result = training.result
    description = {
        "environment": card.id,
        "reference": card.engine.reference,
        "observation": list(card.policy),
        "action": {"names": list(card.action.names), "low": card.action.low, "high": card.action.high},
        "activation": "tanh",
        "training": training.id,
        "seed": training.seed,
        "fitness": None if result is None else result.fitness,
    }
    return json.dumps(description, indent=2) + "\n"


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


class _Outbox:
    """What a zip is written to: it only keeps what has not been sent."""

    def __init__(self) -> None:
        self._unsent = bytearray()

    def write(self, data: bytes) -> int:
        self._unsent += data
        return len(data)

    def flush(self) -> None:
        """Nothing waits here for more."""

    def close(self) -> None:
        """The zip's end is marked by its directory."""

    def take(self) -> bytes:
        sent, self._unsent = bytes(self._unsent), bytearray()
        return sent


def zipped(contents: Iterator[ExportFile]) -> Iterator[bytes]:
    """A zip of the files, piece by piece; only one file at a time is held in memory. Same files, same bytes."""
    outbox = _Outbox()
    with zipfile.ZipFile(outbox, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in contents:
            entry = zipfile.ZipInfo(file.path, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, file.content)
            yield outbox.take()
    yield outbox.take()
