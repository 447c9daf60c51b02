"""Plays a policy that Rewardsmith trained. Needs NumPy alone: copy this file beside policy.json and policy.safetensors."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SOURCE = re.compile(r"^obs(?:\.(?P<part>\w+))?(?:\[(?P<start>\d+)(?::(?P<stop>\d+))?\])?$")
Observation = NDArray[np.float64] | NDArray[np.float32] | Mapping[str, "NDArray[np.float64] | NDArray[np.float32]"]


def read_safetensors(data: bytes) -> dict[str, NDArray[np.float32]]:
    """The float32 tensors of a safetensors file: 8 bytes of header length, a JSON header, the tensors' bytes."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    body = memoryview(data)[8 + length :]
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        if entry["dtype"] != "F32":
            raise ValueError(f"tensor {name!r}: expected dtype F32, got {entry['dtype']!r}")
        start, stop = entry["data_offsets"]
        tensors[name] = np.frombuffer(body[start:stop], np.dtype("<f4")).reshape(entry["shape"])
    return tensors


class Policy:
    """A tanh network over normalised observations; its deterministic action is the mean, clipped to the bounds."""

    def __init__(self, folder: Path) -> None:
        description = json.loads((folder / "policy.json").read_text(encoding="utf-8"))
        tensors = read_safetensors((folder / "policy.safetensors").read_bytes())
        count = len([name for name in tensors if re.fullmatch(r"policy\.\d+\.weight", name)])
        self._layers = [(tensors[f"policy.{i}.weight"], tensors[f"policy.{i}.bias"]) for i in range(count)]
        self._mean = tensors["observation.mean"]
        self._deviation = np.sqrt(tensors["observation.variance"] + np.float32(1e-8))
        self._parts = description["observation"]
        self._low, self._high = description["action"]["low"], description["action"]["high"]

    def act(self, observation: Observation) -> NDArray[np.float32]:
        """The action `[A]` float32 for one observation as the environment gives it, masked parts and all."""
        x = np.concatenate([_part(observation, source) for source in self._parts]).astype(np.float32)
        x = np.clip((x - self._mean) / self._deviation, -10.0, 10.0)
        for weights, bias in self._layers[:-1]:
            x = np.tanh(x @ weights + bias)
        weights, bias = self._layers[-1]
        action: NDArray[np.float32] = np.clip(x @ weights + bias, self._low, self._high)
        return action


def _part(observation: Observation, source: str) -> NDArray[np.float32]:
    match = SOURCE.match(source)
    if match is None:
        raise ValueError(f"policy.json: expected an observation such as obs[2:5] or obs.goal, got {source!r}")
    values = observation[match["part"] or "obs"] if isinstance(observation, Mapping) else observation
    flat = np.asarray(values, np.float32).ravel()
    if match["start"] is None:
        return flat
    start = int(match["start"])
    return flat[start : int(match["stop"]) if match["stop"] else start + 1]
