"""Reads card files: TOML with inheritance, and where in which file each thing stands, so that a fault can name its line.

`extends = "name"` takes over the file `name.toml` of the same folder: tables merge key by key, `[[variables]]` and
`[[metrics]]` are joined (one of the same name replaces the inherited one in its place), any other value replaces.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from envs.errors import CardInvalid

Toml = str | int | float | bool | list["Toml"] | dict[str, "Toml"]
Key = tuple[str | int, ...]
"""A way into a document, as `("variables", 3, "role")`."""
BASE = "_"
"""What the name of a file begins with that is no card but the base of some."""
EXTENDS = "extends"
_HEADER = re.compile(r"^\s*(?P<many>\[)?\[\s*(?P<name>[\w.\-]+)\s*\]")
_FENCE = re.compile("\"\"\"|'''")
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
class _File:
    """One file as it was read: its `text`, and what it says itself."""

    name: str
    text: str
    own: dict[str, Toml]


@dataclass(frozen=True)
class CardText:
    """A card's document with all that it inherits, and the files that it was read from, the card's own last."""

    document: dict[str, Toml]
    files: tuple[_File, ...]

    def place(self, key: Key) -> str:
        """File and line of a key, of the table around it where the key is not there, of nothing more than the file at worst."""
        places = self._places
        for length in range(len(key), 0, -1):
            if found := places.get(key[:length]) or places.get((*key[:length], 0)):
                return str(found)
        return self.files[-1].name

    @cached_property
    def _places(self) -> Mapping[Key, Place]:
        """Worked out when a fault is to be told, which is seldom."""
        document: dict[str, Toml] = {}
        places: dict[Key, Place] = {}
        for file in self.files:
            own = _lines(file.name, file.text)
            for key, value in file.own.items():
                numbers = _numbers(document.get(key), value)
                replaced = set(numbers or ())
                places = {
                    at: place for at, place in places.items() if at[0] != key or len(at) < 2 or at[1] not in replaced
                }
                for at, place in own.items():
                    if at[0] == key:
                        moved = numbers is not None and len(at) > 1 and isinstance(at[1], int)
                        places[(key, numbers[at[1]], *at[2:]) if moved else at] = place  # type: ignore[index]
            document = _merged(document, file.own)
        return places


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
            first = _parsed(heirs[0])
            line = _lines(first.name, first.text)[(EXTENDS,)]
            raise CardInvalid(f"{line}: {EXTENDS}: expected a card or a base that does not extend itself: {circle}")
        if path not in self._read:
            file = _parsed(path)
            name = file.own.pop(EXTENDS, None)
            base = CardText({}, ()) if name is None else self._whole(_base(file, path, name), (*heirs, path))
            self._read[path] = CardText(_merged(base.document, file.own), (*base.files, file))
        return self._read[path]


def _base(file: _File, path: Path, name: Toml) -> Path:
    base = path.parent / f"{name}.toml"
    if not isinstance(name, str) or base.parent != path.parent or not base.is_file():
        known = ", ".join(sorted(one.stem for one in path.parent.glob("*.toml") if one != path)) or "none"
        line = _lines(file.name, file.text)[(EXTENDS,)]
        raise CardInvalid(f"{line}: {EXTENDS}: expected a file of this folder without .toml ({known}), got {name!r}")
    return base


def _parsed(path: Path) -> _File:
    try:
        text = path.read_text(encoding="utf-8-sig")
        return _File(path.name, text, tomllib.loads(text))
    except OSError as error:
        raise CardInvalid(f"{path.name}: expected a file that can be read, got {error.strerror}: {path}") from error
    except RecursionError as error:
        raise CardInvalid(f"{path.name}: not TOML: expected a few levels of tables and lists, got too many") from error
    except ValueError as error:  # no TOML, no text, or a number of thousands of digits
        raise CardInvalid(f"{path.name}: not TOML: {error}") from error


def _lines(file: str, text: str) -> dict[Key, Place]:
    """Where each table and each key at the beginning of a line stands; what a text of several lines holds is none."""
    places: dict[Key, Place] = {}
    table: Key = ()
    times: dict[str, int] = {}
    within = False
    for line, content in enumerate(text.splitlines(), start=1):
        began_within, within = within, within ^ (len(_FENCE.findall(content)) % 2 == 1)
        if began_within:
            continue
        if header := _HEADER.match(content):
            table = tuple(header["name"].split("."))
            if header["many"]:
                number = times[header["name"]] = times.get(header["name"], -1) + 1
                table = (*table, number)
            places.setdefault(table, Place(file, line))
        elif setting := _SETTING.match(content):
            places.setdefault((*table, setting["key"]), Place(file, line))
    return places


def _merged(base: Mapping[str, Toml], own: Mapping[str, Toml]) -> dict[str, Toml]:
    """`own` laid over `base`."""
    merged = dict(base)
    for key, value in own.items():
        inherited = merged.get(key)
        numbers = _numbers(inherited, value)
        if isinstance(inherited, list) and isinstance(value, list) and numbers is not None:
            at_their_numbers = dict(enumerate(inherited)) | dict(zip(numbers, value, strict=True))
            merged[key] = list(at_their_numbers.values())
        elif isinstance(inherited, dict) and isinstance(value, dict):
            merged[key] = {**inherited, **value}
        else:
            merged[key] = value
    return merged


def _numbers(inherited: Toml | None, added: Toml) -> list[int] | None:
    """Where each of some added tables comes to stand among the inherited ones; None where no tables are joined.

    Of two added tables of one name the first replaces and the second is one too many, as a fault then says.
    """
    if not isinstance(inherited, list) or not isinstance(added, list):
        return None
    if not all(isinstance(one, dict) for one in added):
        return None
    known = {_name(one): number for number, one in enumerate(inherited)}
    known.pop(None, None)
    numbers, after = list[int](), len(inherited)
    for table in added:
        number = known.pop(_name(table), after)
        after += number == after
        numbers.append(number)
    return numbers


def _name(table: Toml) -> str | None:
    name = table.get("name") if isinstance(table, dict) else None
    return name if isinstance(name, str) else None
