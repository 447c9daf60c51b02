from collections.abc import Callable
from pathlib import Path

import pytest

from envs.card import CARDS, EnvCard, read_card

Change = Callable[..., EnvCard]


@pytest.fixture
def changed(tmp_path: Path) -> Change:
    """Reads Hopper's card from a file `mine.toml` in which each (old, new) text was replaced once."""

    def read(*replacements: tuple[str, str]) -> EnvCard:
        text = (CARDS / "hopper.toml").read_text(encoding="utf-8")
        for old, new in replacements:
            assert old in text, f"the card has no {old!r} to replace"
            text = text.replace(old, new, 1)
        path = tmp_path / "mine.toml"
        path.write_text(text, encoding="utf-8")
        return read_card(path)

    return read
