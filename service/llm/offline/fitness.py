"""What the grammar knows of the fitness: which variables its expressions read."""

from __future__ import annotations

import ast

from envs.card import EnvCard
from service.schema import Fitness


def fitness_variables(fitness: Fitness, card: EnvCard) -> frozenset[str]:
    """The card's variables named in score or success; none for text that is no expression (the sandbox refuses it)."""
    known = {variable.name for variable in card.variables} | {"action"}
    return (_names(fitness.score) | _names(fitness.success)) & known


def _names(expression: str) -> frozenset[str]:
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
