"""Replays as safetensors: what a viewer fetches.

One JSON document in the metadata, `replay`, holds all that is not numbers by the thousand: environment, seed, seconds per step,
the episode's summary, the geoms, and the names of what follows, in their order. The tensors are `links` float32 `[L + 1, K, 7]`,
`rewards` and `component.NAME` float32 `[L]`, `variable.NAME` float32 `[L + 1]` or `[L + 1, n]`, and for each mesh
`mesh.I.vertices` float32 `[V, 3]` and `mesh.I.faces` `[F, 3]` uint16 or uint32. All are little-endian and aligned, so that a
browser reads them where they lie.

Its size is 28 bytes for each link and frame, and 4 for each number of a variable, reward and component: 171 kB for a Hopper's
1,000 steps, 382 kB for an Ant's. The poses of 60 geoms on 30 links over 1,000 steps take 0.84 MB: nothing is rounded and no frame
is left out. Meshes come on top, once, however many frames there are.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load, save

from service.schema import EpisodeSummary
from service.training.replay import Replay
from service.training.scene import Geom, Mesh, Scene

FORMAT = "rewardsmith-replay-1"


class ReplayUnreadable(ValueError):
    """The bytes are not a replay of this format."""


@dataclass(frozen=True)
class _Header:
    format: str
    environment: str
    reference: str
    seed: int
    dt: float
    summary: EpisodeSummary
    links: tuple[str, ...]
    geoms: tuple[Geom, ...]
    meshes: tuple[str, ...]
    components: tuple[str, ...]
    variables: tuple[str, ...]


_HEADER = TypeAdapter(_Header)


def replay_bytes(replay: Replay) -> bytes:
    """The file of a replay; bit for bit what `load_replay` gives back. Equal replays give equal bytes."""
    tensors: dict[str, NDArray[np.generic]] = {"links": replay.links, "rewards": replay.rewards}
    tensors |= {f"component.{name}": values for name, values in replay.components.items()}
    tensors |= {f"variable.{name}": values for name, values in replay.variables.items()}
    for i, mesh in enumerate(replay.scene.meshes):
        tensors[f"mesh.{i}.vertices"], tensors[f"mesh.{i}.faces"] = mesh.vertices, mesh.faces
    header = _Header(
        format=FORMAT,
        environment=replay.environment,
        reference=replay.reference,
        seed=replay.seed,
        dt=replay.dt,
        summary=replay.summary,
        links=replay.scene.links,
        geoms=replay.scene.geoms,
        meshes=tuple(mesh.name for mesh in replay.scene.meshes),
        components=tuple(replay.components),
        variables=tuple(replay.variables),
    )
    contiguous = {name: np.ascontiguousarray(values) for name, values in tensors.items()}
    return save(contiguous, metadata={"replay": _HEADER.dump_json(header).decode()})


def load_replay(data: bytes) -> Replay:
    """The replay in a file. Raises `ReplayUnreadable` for anything else."""
    try:
        outer = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        header = _HEADER.validate_json(outer["__metadata__"]["replay"])
        tensors = load(data)
        if header.format != FORMAT:
            raise ReplayUnreadable(f"expected a replay of format {FORMAT}, got {header.format!r}")
        return _replay(header, tensors)
    except (ValidationError, SafetensorError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, ReplayUnreadable):
            raise
        raise ReplayUnreadable(f"expected a replay of format {FORMAT}, got {len(data)} other bytes") from error


def _replay(header: _Header, tensors: dict[str, NDArray[np.generic]]) -> Replay:
    def floats(name: str) -> NDArray[np.float32]:
        return tensors[name].astype(np.float32, copy=False)

    meshes = tuple(_mesh(tensors, i, name) for i, name in enumerate(header.meshes))
    return Replay(
        environment=header.environment,
        reference=header.reference,
        seed=header.seed,
        dt=header.dt,
        summary=header.summary,
        scene=Scene(header.links, header.geoms, meshes),
        links=floats("links"),
        rewards=floats("rewards"),
        components={name: floats(f"component.{name}") for name in header.components},
        variables={name: floats(f"variable.{name}") for name in header.variables},
    )


def _mesh(tensors: dict[str, NDArray[np.generic]], place: int, name: str) -> Mesh:
    vertices, faces = (tensors[f"mesh.{place}.{part}"] for part in ("vertices", "faces"))
    narrow = faces.dtype == np.uint16
    return Mesh(
        name, vertices.astype(np.float32, copy=False), faces.astype(np.uint16) if narrow else faces.astype(np.uint32)
    )
