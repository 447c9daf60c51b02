"""What an environment card says: the one description that models read, rewards are checked against and trainers extract from.

A card is TOML, data and not code. Everything a reward may know is a `Variable`; the environment's own reward and its
terms never are. What cards of a family share stands in a base that they extend (`card_text`).
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, Strict, StrictBool, ValidationError, model_validator
from pydantic_core import ErrorDetails

from envs.card_text import BASE, CardReader, CardText, Key
from envs.errors import CardInvalid, EnvironmentUnknown, MetricUnknown, unknown

CARDS = Path(__file__).parent / "cards"
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
Sentence = Annotated[str, Field(min_length=3, max_length=400)]
Count = Annotated[int, Strict()]
Number = Annotated[float, Strict(), Field(allow_inf_nan=False)]
"""A finite number, and not a text or a truth that could be taken for one."""
Role = Literal[
    "velocity",
    "height",
    "orientation",
    "angle",
    "angular_velocity",
    "position",
    "distance",
    "goal",
    "contact",
    "effort",
]
Unit = Literal[
    "m",
    "m/s",
    "m/s^2",
    "m per step",
    "rad",
    "rad/s",
    "turns",
    "s",
    "N",
    "N m",
    "quaternion (w, x, y, z)",
    "rotation matrix",
    "1",
]
"""Of the numbers as the environment shows them; "1" is a number without a unit."""
_ID = re.compile(r"""^id\s*=\s*["']([^"']+)["']""", re.MULTILINE)
OWN_REWARD_TERMS = re.compile(r"reward|success|cost")
BUILT_IN = ("action", "prev_action", "time", "terminated", "steps", "max_steps", "dt", "np", "math")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Variable(_Frozen):
    """A quantity that a reward may name: `size` 0 is one float32 per transition `(B,)`, n >= 1 a vector `(B, n)`."""

    name: Name
    size: Count = Field(default=0, ge=0, le=512)
    unit: Unit
    role: Role
    source: str
    about: Sentence

    @model_validator(mode="after")
    def _is_not_the_environments_own_reward(self) -> Variable:
        if OWN_REWARD_TERMS.search(self.source) or OWN_REWARD_TERMS.search(self.name):
            raise ValueError(
                f"variable {self.name!r} reads {self.source!r}: a term of the environment's own reward is never a variable"
            )
        if self.name.startswith("prev_") or self.name in BUILT_IN:
            raise ValueError(f"variable {self.name!r}: this name is given to every reward already; choose another")
        return self


class Action(_Frozen):
    """What the policy commands: one name per actuator, bounds as the environment clips them."""

    names: tuple[Name, ...] = Field(min_length=1)
    low: Number
    high: Number
    unit: str
    about: Sentence

    @model_validator(mode="after")
    def _is_a_range_for_each_of_its_names(self) -> Action:
        if self.low >= self.high:
            raise ValueError(f"expected low below high, got low {self.low} and high {self.high}")
        twice = sorted(name for name in set(self.names) if self.names.count(name) > 1)
        if twice:
            raise ValueError(f"expected a name of its own for each actuator, got {', '.join(twice)} more than once")
        return self

    @property
    def size(self) -> int:
        """How many actuators there are."""
        return len(self.names)


class Metric(_Frozen):
    """A fitness: `score` and `success` are expressions over one episode's variables, arrays `[L]` or `[L, n]` with time first."""

    name: Name
    about: Sentence
    unit: Unit
    score: str = Field(max_length=2000)
    success: str = Field(max_length=2000)


class Ending(_Frozen):
    """What ends an episode; `early` if anything but the time limit does, and the arguments that switch that off if a task may."""

    about: Sentence
    early: StrictBool
    switch_off: dict[str, bool | int | float | str] | None = None


class Engine(_Frozen):
    """Which engine steps the environment; `task` is its id there, `reference` Gymnasium's of the same physics, where it has one."""

    kind: Literal["envpool"]
    task: str
    reference: str | None = None
    arguments: dict[str, bool | int | float | str] = {}


class Kinematics(_Frozen):
    """How the reference model is posed: sources that together are its generalised positions (qpos), in their order."""

    positions: tuple[str, ...] = Field(min_length=1)


Family = Literal["gymnasium-mujoco", "gymnasium-robotics", "metaworld", "dm-control", "mujoco-playground"]
"""Environments that are trained alike, but for single ones: each family has its own hyperparameters."""


class EnvCard(_Frozen):
    """One environment. `policy` lists the parts of the observation that the policy sees, in order; the rest is masked.

    `dt` is seconds per step, `max_steps` the time limit, `steps` the training budget that a task of average difficulty needs.
    """

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_./-]{0,63}$")]
    family: Family
    title: str
    summary: Sentence
    engine: Engine
    dt: Number = Field(gt=0)
    max_steps: Count = Field(gt=0)
    steps: Count = Field(gt=0)
    observation: dict[str, Count]
    policy: tuple[str, ...] = Field(min_length=1)
    action: Action
    ending: Ending
    kinematics: Kinematics | None = None
    variables: tuple[Variable, ...] = Field(min_length=1)
    metrics: tuple[Metric, ...] = Field(min_length=1)
    sparse_reward: str
    human_reward: Literal["environment"]

    @property
    def parameters(self) -> dict[str, int]:
        """Everything a reward may name, with its size: variables, their `prev_`, and what every environment has."""
        sizes = self.sizes
        return (
            sizes
            | {f"prev_{name}": size for name, size in sizes.items()}
            | {"action": self.action.size, "prev_action": self.action.size, "time": 0, "terminated": 0}
        )

    @property
    def sizes(self) -> dict[str, int]:
        """The size of each variable, which is what a metric may name."""
        return {variable.name: variable.size for variable in self.variables}

    @property
    def fixed_horizon(self) -> bool:
        """Whether every episode lasts `max_steps`: only then is a constant added to a reward no change."""
        return not self.ending.early

    def metric(self, name: str) -> Metric:
        """The metric of that name. Raises `MetricUnknown`, naming the nearest known ones."""
        for metric in self.metrics:
            if metric.name == name:
                return metric
        raise MetricUnknown(unknown(f"metric of {self.id}", name, [metric.name for metric in self.metrics]))


def read_card(path: Path) -> EnvCard:
    """The card in a TOML file. Raises `CardInvalid` naming file, line, key, what was expected and what stands there."""
    return _card(CardReader().read(path))


def _card(text: CardText) -> EnvCard:
    from envs.card_faults import faults  # reads the type that is defined here

    try:
        made = EnvCard.model_validate(text.document)
    except ValidationError as error:
        raise CardInvalid("; ".join(_told(text, fault) for fault in error.errors())) from error
    if found := list(faults(made)):
        raise CardInvalid("; ".join(f"{text.place(key)}: {_dotted(key)}: {reason}" for key, reason in found))
    return made


def _told(text: CardText, fault: ErrorDetails) -> str:
    """One fault as `file:line: key: expected, got`; a whole table says less than its key does, so it is not shown."""
    got = "" if isinstance(fault["input"], dict) else f", got {str(fault['input'])[:80]!r}"
    return f"{text.place(fault['loc'])}: {_dotted(fault['loc'])}: {fault['msg']}{got}"


def _dotted(key: Key) -> str:
    """A way into a card as it is written in messages."""
    return ".".join(str(part) for part in key) or "card"


@cache
def cards() -> dict[str, EnvCard]:
    """All shipped cards by id, in the order of their ids."""
    return cards_in(CARDS)


def cards_in(folder: Path) -> dict[str, EnvCard]:
    """The cards in the folders of a folder by id, in the order of their ids. Raises `CardInvalid`."""
    reader = CardReader()
    found: dict[str, EnvCard] = {}
    for path in _card_files(folder):
        made = _card(reader.read(path))
        if made.id in found:
            place = reader.read(path).place(("id",))
            raise CardInvalid(f"{path.parent.name}/{place}: id: expected an id of its own, got {made.id!r} again")
        found[made.id] = made
    return dict(sorted(found.items()))


def _card_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*/*.toml") if not path.name.startswith(BASE))


@cache
def _files() -> dict[str, Path]:
    """The file of each shipped card by the id in it, in the order of ids: looked for, since to parse all of them takes long."""
    texts = {path: path.read_text(encoding="utf-8", errors="replace") for path in _card_files(CARDS)}
    found = {match[1]: path for path, text in texts.items() if (match := _ID.search(text))}
    return dict(sorted(found.items()))


def place_of(card: EnvCard, *key: str | int) -> str:
    """A card's id and, where it is a shipped one, file and line of something in it: what a message begins with."""
    path = _files().get(card.id)
    return card.id if path is None else f"{card.id} ({CardReader().read(path).place(key)})"


@cache
def card(environment: str) -> EnvCard:
    """The card of an environment id. Raises `EnvironmentUnknown`, naming the nearest known ones."""
    known = _files()
    if environment not in known:
        raise EnvironmentUnknown(unknown("environment", environment, list(known)))
    return read_card(known[environment])
