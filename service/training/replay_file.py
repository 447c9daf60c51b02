"""Replays as files: what a viewer fetches, laid out as docs/contracts/replay.md says.

Both files are safetensors with one JSON document in the metadata: little-endian and aligned, so that a browser reads them where
they lie. An episode's poses are rounded to 16 bits; its numbers are not. Meshes are a file of their own, called by the hash of its
bytes, since all replays of an environment share them and they can be larger than any episode.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter
from safetensors.numpy import save

from envs.variables import Floats
from service.schema import EpisodeSummary
from service.training.replay import Replay
from service.training.scene import Geom, Mesh

FORMAT = "rewardsmith-replay-2"
MESHES_FORMAT = "rewardsmith-meshes-1"
STEPS = 32767
"""Steps from 0 to the largest number of 16 bits."""
LEAST_REACH = 1e-3
"""A link that strays less than a millimetre is not told more exactly than that needs."""
Tensors = dict[str, NDArray[np.generic]]


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
    meshes: str | None
    components: tuple[str, ...]
    variables: tuple[str, ...]


@dataclass(frozen=True)
class _MeshesHeader:
    format: str
    meshes: tuple[str, ...]


_HEADER = TypeAdapter(_Header)
_MESHES_HEADER = TypeAdapter(_MeshesHeader)


@dataclass(frozen=True)
class MeshFile:
    """The meshes of a scene as a file, and the SHA-256 of it in hexadecimal, by which replays name it."""

    content: bytes
    digest: str


@dataclass(frozen=True)
class ReplayFiles:
    """What a replay is kept as: the episode's file, and that of its scene's meshes where there are any."""

    episode: bytes
    meshes: MeshFile | None


def replay_files(replay: Replay) -> ReplayFiles:
    """The files of a replay. Equal replays give equal bytes."""
    meshes = _meshes(replay.scene.meshes) if replay.scene.meshes else None
    header = _Header(
        format=FORMAT,
        environment=replay.environment,
        reference=replay.reference,
        seed=replay.seed,
        dt=replay.dt,
        summary=replay.summary,
        links=replay.scene.links,
        geoms=replay.scene.geoms,
        meshes=None if meshes is None else meshes.digest,
        components=tuple(replay.components),
        variables=tuple(replay.variables),
    )
    tensors: Tensors = {**_poses(replay.links), "rewards": replay.rewards}
    tensors |= {f"component.{name}": values for name, values in replay.components.items()}
    tensors |= {f"variable.{name}": values for name, values in replay.variables.items()}
    return ReplayFiles(_file(tensors, "replay", _HEADER.dump_json(header)), meshes)


def _poses(links: Floats) -> Tensors:
    """Poses `[T, K, 7]` in 16 bits: positions as steps of each link's own size away from the first link, turns as 1/32767.

    Away from the first link, because a robot that runs for 250 m would be told in steps of 4 mm otherwise.
    """
    origin = links[:, :1, :3] if links.shape[1] else np.zeros((len(links), 1, 3), np.float32)
    offsets = links[..., :3].astype(np.float64) - origin
    resolution = (np.abs(offsets).max(axis=(0, 2), initial=LEAST_REACH) / STEPS).astype(np.float32)
    steps = np.concatenate([offsets / resolution[:, None], links[..., 3:].astype(np.float64) * STEPS], axis=-1)
    return {
        "origin": origin[:, 0],
        "resolution": resolution,
        "links": np.rint(steps).clip(-STEPS, STEPS).astype(np.int16).transpose(1, 2, 0),
    }


def _meshes(meshes: Sequence[Mesh]) -> MeshFile:
    tensors: Tensors = {}
    for i, mesh in enumerate(meshes):
        tensors[f"{i}.vertices"], tensors[f"{i}.faces"] = mesh.vertices, mesh.faces
    header = _MeshesHeader(MESHES_FORMAT, tuple(mesh.name for mesh in meshes))
    content = _file(tensors, "meshes", _MESHES_HEADER.dump_json(header))
    return MeshFile(content, sha256(content).hexdigest())


def _file(tensors: Tensors, name: str, header: bytes) -> bytes:
    contiguous = {key: np.ascontiguousarray(values) for key, values in tensors.items()}
    return save(contiguous, metadata={name: header.decode()})
