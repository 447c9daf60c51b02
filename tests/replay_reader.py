"""Reads replays by what docs/contracts/replay.md says alone, with NumPy in place of a browser's typed arrays."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

DTYPES = {"F32": "<f4", "I16": "<i2", "U16": "<u2", "U32": "<u4"}


class SafetensorsFile:
    """A file of tensors with a header: `header` is the JSON under `name` in its metadata."""

    def __init__(self, data: bytes, name: str) -> None:
        begin = 8 + int.from_bytes(data[:8], "little")
        index: dict[str, Any] = json.loads(data[8:begin])
        self.header: dict[str, Any] = json.loads(index.pop("__metadata__")[name])
        self.tensors: dict[str, NDArray[Any]] = {}
        for key, told in index.items():
            first, last = told["data_offsets"]
            dtype = np.dtype(DTYPES[told["dtype"]])
            assert (begin + first) % dtype.itemsize == 0  # a typed array refuses any other place
            assert begin + last <= len(data)
            self.tensors[key] = np.frombuffer(data[begin + first : begin + last], dtype).reshape(told["shape"])


class ReadReplay(SafetensorsFile):
    """The file of an episode."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data, "replay")

    @property
    def links(self) -> NDArray[np.float64]:
        """The links' poses `[T, K, 7]`: position in metres, quaternion w, x, y, z of unit length."""
        steps = self.tensors["links"].astype(np.float64).transpose(2, 0, 1)
        positions = self.tensors["origin"][:, None] + steps[..., :3] * self.tensors["resolution"][:, None]
        turns = steps[..., 3:] / 32767
        return np.concatenate([positions, turns / np.linalg.norm(turns, axis=-1, keepdims=True)], axis=-1)

    @property
    def geoms(self) -> NDArray[np.float64]:
        """The geoms' poses `[T, G, 7]` in the world."""
        places = [geom["link"] for geom in self.header["geoms"]]
        return placed(self.links, places, np.array([geom["pose"] for geom in self.header["geoms"]]).reshape(-1, 7))


def placed(links: NDArray[Any], places: list[int], within: NDArray[np.float64]) -> NDArray[np.float64]:
    """Poses `[T, G, 7]` of what stands at `within` `[G, 7]` in links, of which -1 is the world."""
    world = np.broadcast_to([0.0, 0, 0, 1, 0, 0, 0], (len(links), 1, 7))
    frames = np.concatenate([links, world], axis=1)[:, places]
    w, u = frames[..., 3:4], frames[..., 4:]
    v, s, q = within[:, :3], within[:, 3:4], within[:, 4:]
    turn = np.cross(u, v) + w * v  # v turned by the quaternion (w, u) is v + 2 u x (u x v + w v)
    scalar = w * s - np.sum(u * q, axis=-1, keepdims=True)
    return np.concatenate([frames[..., :3] + v + 2 * np.cross(u, turn), scalar, w * q + s * u + np.cross(u, q)], -1)
