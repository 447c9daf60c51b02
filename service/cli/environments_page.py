"""Writes `docs/environments.md` from the cards and the baselines that travel with the package: `make environments-page`.

`python -m service.cli.environments_page` prints it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from envs.card import EnvCard, Family, cards
from envs.sources import Posed, Turned, parse_source
from service.baselines.environment import stored_baselines
from service.schema import BaselineSummary, Interval
from service.schema.tunings import in_words, shipped_training

FAMILIES: Final[Mapping[Family, str]] = {
    "gymnasium-mujoco": "Gymnasium MuJoCo",
    "gymnasium-robotics": "Gymnasium-Robotics",
    "metaworld": "MetaWorld",
    "dm-control": "DeepMind Control Suite",
    "mujoco-playground": "MuJoCo Playground",
}
_HEAD: Final = """\
# Environments

Made by `make environments-page` from the cards in `envs/cards/` and the baselines in `service/baselines/data/`. A reward may name
every variable of its environment, also as it was before the step (`prev_NAME`), and `action`, `prev_action`, `time` and
`terminated`. What a [card](contracts/environment_card.md) says and what a [metric](contracts/fitness.md) is stand elsewhere; so
does [how variables are checked](design/worlds.md). `rewardsmith envs ID` and `GET /api/v1/environments/ID` tell the same.
Of hyperparameters those are named that differ from the default; a request may give others.

A baseline is the interquartile mean of the fitness over its seeds with its 95% bootstrap interval, and the share of confirmed
episodes that succeed: of the environment's own reward ("human") and of the card's sparse one, each trained for the same steps.
"""


def page(environments: Sequence[EnvCard]) -> str:
    """The whole page in Markdown: an index by family, then every environment."""
    return "\n".join([_HEAD, *_index(environments), *(line for one in environments for line in _environment(one))])


def _index(environments: Sequence[EnvCard]) -> Iterator[str]:
    for family, name in FAMILIES.items():
        members = [one for one in environments if one.family == family]
        yield f"## {name}\n"
        rows = (
            (
                f"[{one.id}](#{_anchor(one.id)})",
                one.title,
                ", ".join(f"`{m.name}`" for m in one.metrics),
                f"{one.steps:,}",
            )
            for one in members
        )
        yield from _table(("environment", "is", "metrics", "budget in steps"), rows)


def _environment(card: EnvCard) -> Iterator[str]:
    yield f"## {card.id}\n"
    limit = f"{card.max_steps:,} steps of {card.dt:g} s"
    yield f"{card.summary} {card.ending.about} At most {limit}; a training takes {card.steps:,} steps.\n"
    action = card.action
    yield f"Action: {action.about} {action.size} in [{action.low:g}, {action.high:g}], {action.unit}.\n"
    variables = [(f"`{v.name}`", str(v.size or 1), v.unit, v.about + _paid(v.source)) for v in card.variables]
    yield from _table(("variable", "size", "unit", "about"), variables)
    yield from _table(("metric", "unit", "about"), ((f"`{m.name}`", m.unit, m.about) for m in card.metrics))
    for metric in card.metrics:
        yield f"- `{metric.name}`: score `{_line(metric.score)}`, success `{_line(metric.success)}`"
    yield f"- sparse reward: `{_line(card.sparse_reward)}`"
    yield f"- hyperparameters: {in_words(shipped_training(card.id, card.family).ppo)}\n"
    if baselines := stored_baselines(card, None):
        rows = (_baseline(one) for one in baselines)
        yield from _table(("baseline", "steps", "seeds", "human", "success", "sparse", "success"), rows)


def _line(expression: str) -> str:
    """An expression on one line: Markdown would take a `*` that begins one for a list."""
    return " ".join(expression.split())


def _paid(source: str) -> str:
    match parse_source(source):
        case Posed():
            return " Worked out by forward kinematics for who asks for it."
        case Turned():
            return " Counted from the start of the episode."
        case _:
            return ""


def _baseline(one: BaselineSummary) -> tuple[str, ...]:
    return (
        f"`{one.fitness}`", f"{one.steps:,}", str(one.seeds),
        _interval(one.human), f"{one.human_success_rate:.0%}", _interval(one.sparse), f"{one.sparse_success_rate:.0%}",
    )  # fmt: skip


def _interval(value: Interval) -> str:
    return f"{value.mean:.3g} [{value.low:.3g}, {value.high:.3g}]"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(columns) + " |"
    yield "|" + " --- |" * len(columns)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
    yield ""


def _anchor(heading: str) -> str:
    """The anchor that GitHub gives a heading: letters, digits, `_` and `-`, in small letters."""
    return "".join(letter for letter in heading.lower() if letter.isalnum() or letter in "-_")


if __name__ == "__main__":
    print(page(tuple(cards().values())), end="")
