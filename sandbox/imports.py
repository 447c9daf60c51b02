"""Reads the import statements of a source: what each imported name stands for, and which imports are refused."""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass, field
from importlib import import_module

from sandbox.errors import Fault
from sandbox.syntax import statements
from sandbox.vocabulary import BUILTINS, MODULES, PATHS, TYPE_MODULES, TYPE_PATHS

_INSTEAD = "np and math are there already; remove the import and write the numbers with them"


@dataclass
class Imports:
    """What the imported names of a source stand for.

    `modules`: name -> prefix of its paths (`{"np": "np", "m": "math"}`); `paths`: name -> path of a function
    (`{"sqrt": "math.sqrt"}`); `types`: names that may stand in type hints only.
    """

    modules: dict[str, str] = field(default_factory=lambda: {"np": "np", "math": "math"})
    paths: dict[str, str] = field(default_factory=dict)
    types: set[str] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)
    _meanings: dict[str, str] = field(default_factory=lambda: {"np": "np", "math": "math"})

    def names(self) -> frozenset[str]:
        """Every name an import stands behind; code may not bind them anew."""
        return frozenset(self.modules) | frozenset(self.paths) | self.types

    def _refuse(self, node: ast.stmt, what: str) -> None:
        self.faults.append(Fault("import", f"{what}; {_INSTEAD}", node.lineno, node.col_offset + 1))

    def _means(self, name: str, meaning: str, node: ast.stmt) -> None:
        """Refuses a name that would not mean the same all over the text, wherever its imports stand."""
        if is_refused_builtin(name) or self._meanings.setdefault(name, meaning) != meaning:
            self._refuse(node, f"{name} has another meaning already and cannot be imported as {meaning}")

    def read(self, node: ast.Import | ast.ImportFrom) -> None:
        """Takes one import statement in."""
        if isinstance(node, ast.Import):
            for alias in node.names:
                self._read_module(node, alias)
        else:
            for alias in node.names:
                self._read_name(node, alias)

    def _read_module(self, node: ast.Import, alias: ast.alias) -> None:
        top = alias.name.partition(".")[0]
        whole = alias.name if alias.asname else top
        self._means(alias.asname or top, MODULES.get(whole, whole), node)
        if alias.name in TYPE_MODULES:
            self.types.add(alias.asname or top)
        elif alias.name in MODULES:
            self.modules[alias.asname or top] = MODULES[whole]
        else:
            self._refuse(node, f"import {alias.name} is refused: only numpy, math and typing may be imported")

    def _read_name(self, node: ast.ImportFrom, alias: ast.alias) -> None:
        module, name = node.module or "", alias.asname or alias.name
        path = f"{MODULES.get(module, module)}.{alias.name}"
        self._means(name, path, node)
        if node.level or (module not in MODULES and module not in TYPE_MODULES):
            self._refuse(
                node,
                f"from {'.' * node.level}{module} import … is refused: only numpy, math and typing may be imported",
            )
        elif alias.name == "*":
            self._refuse(node, f"from {module} import * is refused: name what you need")
        elif module in TYPE_MODULES and not hasattr(import_module(module), alias.name):
            self._refuse(node, f"{module} has no {alias.name}")
        elif module in TYPE_MODULES or path in TYPE_PATHS:
            self.types.add(name)
        elif path == "np.linalg":
            self.modules[name] = path
        elif path in PATHS:
            self.paths[name] = path
        else:
            self._refuse(node, f"{module}.{alias.name} is not one of the functions a reward may use")


def read_imports(tree: ast.Module) -> Imports:
    """Reads every import statement of `tree`, wherever it stands."""
    imports = Imports()
    for node in statements(tree.body, into_functions=True):
        if isinstance(node, ast.Import | ast.ImportFrom):
            imports.read(node)
    return imports


def is_refused_builtin(name: str) -> bool:
    """Whether Python knows `name` and a reward may not: bound here, it could be reached where the text itself is run."""
    return name not in BUILTINS and hasattr(builtins, name)
