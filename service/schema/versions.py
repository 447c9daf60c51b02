"""The packages that decide what comes out of a training."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version

PACKAGES = ("rewardsmith", "envpool", "jax", "mujoco", "numpy")


@cache
def versions() -> dict[str, str]:
    """The installed version of each."""
    return {package: version(package) for package in PACKAGES}
