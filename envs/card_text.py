"""Reads card files: TOML with inheritance, and where in which file each thing stands, so that a fault can name its line.

`extends = "name"` takes over the file `name.toml` of the same folder: tables merge key by key, `[[variables]]` and
`[[metrics]]` are joined (one of the same name replaces the inherited one in its place), any other value replaces.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from envs.errors import CardInvalid

Toml = str | int | float | bool | list["Toml"] | dict[str, "Toml"]
Key = tuple[str | int, ...]
"""A way into a document, as `("variables", 3, "role")`."""
BASE = "_"
"""What the name of a file begins with that is no card but the base of some."""
EXTENDS = "extends"
_HEADER = re.compile(r"^\s*(?P<many>\[)?\[\s*(?P<name>[\w.\-]+)\s*\]")
_SETTING = re.compile(r"^\s*(?P<key>[\w\-]+)\s*=")


@dataclass(frozen=True)
class Place:
    """A line of a file, counted from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        """As compilers write it."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class CardText:
    """A card's document with all that it inherits, and the places of its keys and tables."""

    file: str
    document: dict[str, Toml]
    places: Mapping[Key, Place]

    def place(self, key: Key) -> str:
        """File and line of a key, of the table around it where the key is not there, of nothing more than the file at worst."""
        for length in range(len(key), 0, -1):
            if found := self.places.get(key[:length]):
                return str(found)
        return self.file


class CardReader:
    """Reads the card files of some folders, each file once. Raises `CardInvalid`."""

    def __init__(self) -> None:
        self._read: dict[Path, CardText] = {}

    def read(self, path: Path) -> CardText:
        """The card in a file, with all that it inherits."""
        return self._whole(path, ())

    def _whole(self, path: Path, heirs: tuple[Path, ...]) -> CardText:
        if path in heirs:
            circle = " extends ".join(one.name for one in (*heirs[heirs.index(path) :], path))
            raise CardInvalid(
                f"{heirs[0].name}: {EXTENDS}: expected a card or a base that does not extend itself: {circle}"
            )
        if path not in self._read:
            own = _parsed(path)
            name = own.document.pop(EXTENDS, None)
            self._read[path] = own if name is None else _merged(self._base(own, path, name, heirs), own)
        return self._read[path]

    def _base(self, own: CardText, path: Path, name: Toml, heirs: tuple[Path, ...]) -> CardText:
        base = path.parent / f"{name}.toml"
        if not isinstance(name, str) or base.parent != path.parent or not base.is_file():
            known = ", ".join(sorted(one.stem for one in path.parent.glob("*.toml") if one != path)) or "none"
            raise CardInvalid(
                f"{own.place((EXTENDS,))}: {EXTENDS}: expected a file of this folder without .toml ({known}), got {name!r}"
            )
        return self._whole(base, (*heirs, path))


def _parsed(path: Path) -> CardText:
    try:
        text = path.read_text(encoding="utf-8")
        return CardText(path.name, tomllib.loads(text), _places(path.name, text))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CardInvalid(f"{path.name}: not TOML: {error}") from error


def _places(file: str, text: str) -> dict[Key, Place]:
    """Where each table and each key at the beginning of a line stands; keys within inline tables count as their line's key."""
    places: dict[Key, Place] = {}
    table: Key = ()
    times: dict[str, int] = {}
    for line, content in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(content):
            table = tuple(header["name"].split("."))
            if header["many"]:
                number = times[header["name"]] = times.get(header["name"], -1) + 1
                table = (*table, number)
            places.setdefault(table, Place(file, line))
        elif setting := _SETTING.match(content):
            places.setdefault((*table, setting["key"]), Place(file, line))
    return places


def _merged(base: CardText, own: CardText) -> CardText:
    """`own` laid over `base`."""
    document, places = dict(base.document), dict(base.places)
    for key, value in own.document.items():
        inherited = document.get(key)
        if isinstance(inherited, list) and isinstance(value, list) and all(isinstance(one, dict) for one in value):
            document[key], numbers = _joined(inherited, value)
            moved = {number: dict[Key, Place]() for number in numbers}
            for at, place in own.places.items():
                if at[0] == key and len(at) > 1 and isinstance(at[1], int):
                    moved[numbers[at[1]]][key, numbers[at[1]], *at[2:]] = place
            places = {
                at: place for at, place in places.items() if at[:1] != (key,) or len(at) < 2 or at[1] not in moved
            }
            places.update({at: place for entry in moved.values() for at, place in entry.items()})
            continue
        document[key] = {**inherited, **value} if isinstance(inherited, dict) and isinstance(value, dict) else value
        places.update({at: place for at, place in own.places.items() if at[0] == key})
    return CardText(own.file, document, places)


def _joined(inherited: list[Toml], added: list[Toml]) -> tuple[list[Toml], list[int]]:
    """Both lists of tables as one, and where each of the added ones came to stand."""
    joined, numbers = list(inherited), list[int]()
    names = [one.get("name") if isinstance(one, dict) else None for one in joined]
    for table in added:
        name = table.get("name") if isinstance(table, dict) else None
        if name is not None and name in names[: len(inherited)]:
            number = names.index(name)
            joined[number] = table
        else:
            number = len(joined)
            joined.append(table)
        numbers.append(number)
    return joined, numbers
