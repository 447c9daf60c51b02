from collections.abc import Callable
from pathlib import Path

import pytest

from envs.card import EnvCard, read_card

Change = Callable[..., EnvCard]
CARD = Path(__file__).parent / "card.toml"
"""A whole card in one file: the Hopper's."""


@pytest.fixture
def changed(tmp_path: Path) -> Change:
    """Reads a Hopper's card from a file `mine.toml` in which each (old, new) text was replaced once."""

    def read(*replacements: tuple[str, str]) -> EnvCard:
        text = CARD.read_text(encoding="utf-8")
        for old, new in replacements:
            assert old in text, f"the card has no {old!r} to replace"
            text = text.replace(old, new, 1)
        path = tmp_path / "mine.toml"
        path.write_text(text, encoding="utf-8")
        return read_card(path)

    return read
