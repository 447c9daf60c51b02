"""Replays as files: what a viewer fetches, laid out as docs/contracts/replay.md says.

Both files are safetensors with one JSON document in the metadata: little-endian and aligned, so that a browser reads them where
they lie. An episode's poses are rounded to 16 bits; its numbers are not. Meshes are a file of their own, called by the hash of its
bytes, since all replays of an environment share them and they can be larger than any episode.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter
from safetensors.numpy import save

from envs.variables import Floats
from service.schema import EpisodeSummary
from service.training.scene import Geom, Mesh, Scene

if TYPE_CHECKING:  # it brings JAX, and a still is made without
    from service.training.replay import Replay

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
    summary: EpisodeSummary | None
    links: tuple[str, ...]
    geoms: tuple[Geom, ...]
    components: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    meshes: str | None = None


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
    header = _Header(
        format=FORMAT,
        environment=replay.environment,
        reference=replay.reference,
        seed=replay.seed,
        dt=replay.dt,
        summary=replay.summary,
        links=replay.scene.links,
        geoms=replay.scene.geoms,
        components=tuple(replay.components),
        variables=tuple(replay.variables),
    )
    numbers: Tensors = {"rewards": replay.rewards}
    numbers |= {f"component.{name}": values for name, values in replay.components.items()}
    numbers |= {f"variable.{name}": values for name, values in replay.variables.items()}
    return _files(header, replay.scene, replay.links, numbers)


def still_files(environment: str, reference: str, seed: int, dt: float, scene: Scene, links: Floats) -> ReplayFiles:
    """The files of an episode of one frame, `links` `[1, K, 7]`, which nobody has played in: it has no summary and no numbers."""
    header = _Header(FORMAT, environment, reference, seed, dt, None, scene.links, scene.geoms)
    return _files(header, scene, links, {"rewards": np.empty(0, np.float32)})


def _files(header: _Header, scene: Scene, links: Floats, numbers: Tensors) -> ReplayFiles:
    meshes = _meshes(scene.meshes) if scene.meshes else None
    named = header if meshes is None else replace(header, meshes=meshes.digest)
    return ReplayFiles(_file(_poses(links) | numbers, "replay", _HEADER.dump_json(named)), meshes)


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
