"""Every word of the vocabulary exists, and none of them is a way out."""

import math

import numpy as np
import pytest

from sandbox.vocabulary import ATTRIBUTES, BUILTINS, NAME_ADVICE, PATH_ADVICE, PATHS


@pytest.mark.parametrize("path", sorted(PATHS))
def test_a_path_names_something_of_numpy_or_math_that_is_no_module(path: str) -> None:
    value: object = {"np": np, "math": math}[path.split(".")[0]]
    for part in path.split(".")[1:]:
        value = getattr(value, part)

    assert not hasattr(value, "__path__")
    assert type(value).__name__ != "module"


def test_what_is_advised_against_is_not_allowed() -> None:
    assert not PATHS & set(PATH_ADVICE)
    assert not BUILTINS & set(NAME_ADVICE)


def test_no_attribute_reaches_files_memory_or_private_parts() -> None:
    ways_out = {"tofile", "dump", "dumps", "tobytes", "data", "ctypes", "base", "view", "setflags", "resize", "format"}

    assert not ATTRIBUTES & ways_out
    assert not any(name.startswith("_") for name in ATTRIBUTES)
