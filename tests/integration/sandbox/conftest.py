"""The stage on which attacks are shown."""

from collections.abc import Iterator

import pytest

from tests.adversary.theatre import Theatre


@pytest.fixture(scope="module")
def theatre() -> Iterator[Theatre]:
    """Callers bare and protected, to be attacked."""
    with Theatre() as theatre:
        yield theatre
