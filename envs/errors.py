"""What can be wrong with an environment or its card.

EnvironmentFault
├── CardInvalid           a card file does not say what a card must say
├── CardMismatch          a card and the environment it describes disagree
├── EnvironmentUnknown    no card of that id
├── MetricUnknown         the card has no metric of that name
├── PolicyInvalid         bytes that are no policy file
└── ReferenceUnavailable  the card's reference environment is not installed here
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches


class EnvironmentFault(Exception):
    """Anything wrong with an environment or its card; the message says what was expected, what came and where."""


class CardInvalid(EnvironmentFault):
    """A card file does not say what a card must say."""


class CardMismatch(EnvironmentFault):
    """A card and the environment it describes disagree."""


class EnvironmentUnknown(EnvironmentFault):
    """No card has that id."""


class MetricUnknown(EnvironmentFault):
    """The card has no metric of that name."""


class PolicyInvalid(EnvironmentFault):
    """Bytes that are no policy file, or one of another format."""


class ReferenceUnavailable(EnvironmentFault):
    """The card's reference environment is not installed here."""


def unknown(what: str, name: str, known: Sequence[str]) -> str:
    """One line that refuses `name` and offers the nearest known names, or the first twenty where none is near."""
    near = get_close_matches(name, known, n=3, cutoff=0.5) or list(known)[:20]
    return f"unknown {what} {name!r}; did you mean {', '.join(near)}?"
