"""The ways a card can say where a variable comes from, and their checks.

obs[5]  obs[5:8]  obs.desired_goal  info.x_position     columns of what the environment shows
position(geom foot)  orientation(body torso)            of the reference model in the observed pose: forward kinematics
clearance(geom foot)  contact(geom foot)                the same against the floor
turns(obs[3:7], z)                                      how far a body has turned about its own axis since the reset
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

from envs.errors import CardInvalid

Quantity = Literal["position", "orientation", "clearance", "contact"]
_SHOWN = re.compile(
    r"^(?P<root>obs|info)(?:\.(?P<part>[A-Za-z][A-Za-z0-9_]*))?(?:\[(?P<start>\d{1,6})(?::(?P<stop>\d{1,6}))?\])?$"
)
_POSED = re.compile(
    r"^(?P<quantity>position|orientation|clearance|contact)\((?P<kind>geom|body) (?P<name>[\w.\-/]+)\)$"
)
_TURNS = re.compile(r"^turns\((?P<source>[^(),]+), (?P<axis>[xyz])\)$")
_FORMS = "obs[5], obs[5:8], obs.desired_goal, info.x_position, position(geom foot), turns(obs[3:7], z)"
ENTRIES: Mapping[Quantity, int] = {"position": 3, "orientation": 4, "clearance": 1, "contact": 1}
SHAPES: Mapping[Quantity, tuple[str, ...]] = {
    "position": ("geom", "body"), "orientation": ("body",), "clearance": ("geom",), "contact": ("geom",),
}  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """Entries `start` to `stop` of a part of the observation, all of it where there is no start, or an info."""

    root: Literal["obs", "info"]
    part: str
    start: int | None = None
    stop: int | None = None


@dataclass(frozen=True)
class Posed:
    """A quantity of a geom or body of the reference model, posed as the observation says."""

    quantity: Quantity
    kind: Literal["geom", "body"]
    name: str

    @property
    def entries(self) -> int:
        """How many numbers it has."""
        return ENTRIES[self.quantity]


@dataclass(frozen=True)
class Turned:
    """Turns about a body's own axis (0, 1, 2 for x, y, z) since the reset, from its quaternion."""

    quaternion: Shown
    axis: int


Source = Shown | Posed | Turned


def parse_source(text: str) -> Source:
    """What a source says. Raises `CardInvalid` naming the forms there are."""
    if match := _SHOWN.match(text):
        return _shown(match)
    if match := _POSED.match(text):
        posed = Posed(cast(Quantity, match["quantity"]), cast(Literal["geom", "body"], match["kind"]), match["name"])
        if posed.kind not in SHAPES[posed.quantity]:
            raise CardInvalid(f"{posed.quantity} is of a {' or a '.join(SHAPES[posed.quantity])}, got {text!r}")
        return posed
    if (match := _TURNS.match(text)) and (inner := _SHOWN.match(match["source"])):
        return Turned(_shown(inner), "xyz".index(match["axis"]))
    raise CardInvalid(f"expected a source such as {_FORMS}, got {text!r}")


def _shown(match: re.Match[str]) -> Shown:
    start = None if match["start"] is None else int(match["start"])
    stop = None if start is None else int(match["stop"]) if match["stop"] else start + 1
    return Shown(cast(Literal["obs", "info"], match["root"]), match["part"] or "obs", start, stop)


def columns_of(shown: Shown, observation: Mapping[str, int], text: str) -> tuple[int, int]:
    """First and one after the last entry within its part. Raises `CardInvalid` naming the parts or their sizes."""
    if shown.root == "info":
        if shown.start is not None:
            raise CardInvalid(f"an info is one number, got {text!r}")
        return 0, 1
    if shown.part not in observation:
        raise CardInvalid(f"source {text!r} names no part of the observation; known: {', '.join(observation)}")
    size = observation[shown.part]
    if shown.start is None or shown.stop is None:
        return 0, size
    if not shown.start < shown.stop <= size:
        raise CardInvalid(f"source {text!r} reaches outside its {size} entries")
    return shown.start, shown.stop


def entries_of(text: str, observation: Mapping[str, int]) -> int:
    """How many numbers a source gives. Raises `CardInvalid`."""
    source = parse_source(text)
    match source:
        case Posed():
            return source.entries
        case Shown():
            first, last = columns_of(source, observation, text)
            return last - first
        case Turned():
            first, last = columns_of(source.quaternion, observation, text)
            if last - first != 4:
                raise CardInvalid(f"turns are counted from a quaternion's 4 entries, got {last - first} in {text!r}")
            return 1
