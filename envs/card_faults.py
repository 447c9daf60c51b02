"""What a card says that cannot be: checked once, when its file is read, so that nothing later needs to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from keyword import iskeyword

from envs.card import EnvCard, Variable
from envs.card_text import Key
from envs.errors import CardInvalid
from envs.sources import Posed, Turned, entries_of, parse_source
from sandbox import RewardRejected, check_metric, check_step_expression
from sandbox.vocabulary import BUILTINS

Faults = Iterator[tuple[Key, str]]


def faults(card: EnvCard) -> Faults:
    """Every fault of a card that is well-formed, with the key at which it stands."""
    yield from _names(card)
    for i, variable in enumerate(card.variables):
        yield from _variable(card, variable, ("variables", i))
    for source in card.policy:
        yield from _entries(card, source, ("policy",))
    yield from _kinematics(card)
    yield from _expressions(card)


def _names(card: EnvCard) -> Faults:
    for what, names in (
        ("variable", [one.name for one in card.variables]),
        ("metric", [one.name for one in card.metrics]),
    ):
        for name, times in Counter(names).items():
            if times > 1:
                last = len(names) - 1 - names[::-1].index(name)
                yield (
                    (f"{what}s", last, "name"),
                    f"{what} {name!r} stands there {times} times; give each {what} a name of its own",
                )


def _variable(card: EnvCard, variable: Variable, key: Key) -> Faults:
    named = f"variable {variable.name!r}"
    if iskeyword(variable.name) or variable.name in BUILTINS:
        yield (*key, "name"), f"{named}: Python has this name for something of its own; choose another"
    try:
        found = entries_of(variable.source, card.observation)
        source = parse_source(variable.source)
    except CardInvalid as error:
        yield (*key, "source"), f"{named}: {error}"
        return
    if found != max(variable.size, 1):
        yield (*key, "size"), f"{named}: expected size {variable.size}, but {variable.source!r} has {found} entries"
    if isinstance(source, Posed) and card.kinematics is None:
        yield (
            (*key, "source"),
            f"{named}: {variable.source!r} needs a table [kinematics] that says how the model is posed",
        )
    if isinstance(source, Turned) and variable.unit != "turns":
        yield (*key, "unit"), f"{named}: {variable.source!r} counts turns, got unit {variable.unit!r}"
    if variable.unit.startswith("quaternion") and variable.size != 4:
        yield (*key, "unit"), f"{named}: a quaternion has size 4, got {variable.size}"
    if variable.unit == "rotation matrix" and variable.size != 9:
        yield (*key, "unit"), f"{named}: a rotation matrix has size 9, got {variable.size}"


def _entries(card: EnvCard, source: str, key: Key) -> Faults:
    try:
        entries_of(source, card.observation)
        if not source.startswith("obs"):
            yield key, f"expected entries of the observation, got {source!r}"
    except CardInvalid as error:
        yield key, str(error)


def _kinematics(card: EnvCard) -> Faults:
    if card.kinematics is None:
        return
    for source in card.kinematics.positions:
        yield from _entries(card, source, ("kinematics", "positions"))
    if card.engine.reference is None:
        yield ("engine",), "[kinematics] poses the model of the reference, and engine.reference names none"


def _expressions(card: EnvCard) -> Faults:
    for i, metric in enumerate(card.metrics):
        try:
            check_metric(metric.score, metric.success, card.sizes)
        except RewardRejected as rejected:
            for fault in rejected.faults:
                which = "score" if fault.message.startswith("in score") else "success"
                yield ("metrics", i, which), f"metric {metric.name!r}: {fault.message}"
    try:
        check_step_expression(card.sparse_reward, card.parameters)
    except RewardRejected as rejected:
        for fault in rejected.faults:
            yield ("sparse_reward",), fault.message
