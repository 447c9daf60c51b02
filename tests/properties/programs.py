"""Random programs inside the language of rewards: every one of them must be accepted, and mean what its text means."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from hypothesis import strategies as st

KNOWN: Final = {"speed": 0, "height": 0, "angle": 0, "time": 0, "action": 3, "goal": 3}
"""Inputs of every generated program and their sizes."""

_UNARY: Final = (
    "np.tanh({})",
    "np.exp(-np.abs({}))",
    "np.square({})",
    "np.sqrt(np.abs({}))",
    "np.log1p(np.abs({}))",
    "np.sin({})",
    "np.cos({})",
    "-{}",
    "np.clip({}, -1.0, 1.0)",
    "{}.clip(-2, 2)",
    "np.nan_to_num({})",
    "{}.astype(np.float32)",
    "({}) ** 2",
    "abs({})",
    "bell({})",
    "bell({}, width=0.5)",
    "scaled({}, 2, shift=1.0)",
    "(lambda z: np.arctan(z))({})",
    "SHAPERS['soft']({})",
    "np.where({0} > 0.0, {0}, 0.1 * {0})",
)
_BINARY: Final = (
    "({} + {})",
    "({} - {})",
    "({} * {})",
    "({} / (1.0 + np.square({})))",
    "np.maximum({}, {})",
    "np.minimum({}, {})",
    "np.hypot({}, {})",
    "np.arctan2({}, {})",
    "np.where({} > {}, 1.0, -1.0)",
    "sum([{}, {}])",
    "sum(w * t for w, t in zip(WEIGHTS, ({}, {})))",
    "np.stack([{}, {}], axis=-1).sum(axis=-1)",
    "np.minimum.reduce([{}, {}])",
    "({} if SHARP else {})",
    "(({} > 0.1) & ~({} < 0.2)).astype(float)",
    "np.logaddexp({}, {})",
    "[t for t in ({}, {})][-1]",
)
_REDUCED: Final = (
    "np.sum({}, axis=-1)",
    "{}.mean(axis=1)",
    "np.linalg.norm({}, axis=-1)",
    "np.abs({}).max(axis=-1)",
    "{}[:, 0]",
    "{}[..., -1]",
    "np.einsum('bi,bi->b', {0}, {0})",
    "np.all({} > -0.5, axis=-1).astype(np.float32)",
    "np.std({}, axis=-1)",
    "np.take({}, 1, axis=-1)",
)
_OF_VECTORS: Final = ("({} - {})", "({} * {})", "np.cross({}, {})", "np.where({} > {}, 1.0, 0.5)", "np.fmax({}, {})")
_STATEMENTS: Final = (
    "{new} = {a}",
    "{new} = {a}\n    {new} = {new} - {b}",
    "{new} = np.array({a}, dtype=np.float64)\n    {new} += {b}",
    "{new} = ({a}).copy()\n    {new}[{c} > 0.3] = 0.25",
    "{new} = np.zeros_like(speed)\n    for i in range(3):\n        {new} = {new} + {v}[:, i] * WEIGHTS[i]",
    "{new} = 0.0 * speed\n    for k, part in enumerate([{a}, {b}]):\n        if k == 1:\n            continue\n"
    "        {new} = {new} + part",
    "if SHARP:\n        {new} = {a}\n    else:\n        {new} = {b}",
    "def inner_{new}(q, *more, gain=0.5):\n        return gain * q + sum(more)\n    {new} = inner_{new}({a}, {b})",
    "with np.errstate(divide='ignore'):\n        {new} = np.reciprocal(2.0 + np.abs({a}))",
    "{new}, *_ = {a}, {b}",
    "{new}: np.ndarray = {a}  # a hint",
    "assert speed.shape == height.shape, f'{{speed.ndim}} axes'\n    {new} = {a}",
    "{new} = (held := {a}) * 0.5 + held",
    "{new} = {{name: part for name, part in (('a', {a}), ('b', {b}))}}['b']",
    "{new} = np.select([{c} > 1.0, {c} < 0.0], [{a}, {b}], default=0.0)",
)
_TOPS: Final = (
    "import numpy as np\n",
    "from __future__ import annotations\nimport math\nfrom typing import Dict, Tuple\n",
    '"""A generated reward."""\n',
    "",
)
_PRELUDE: Final = """SHARP = {sharp}
WEIGHTS = ({w0}, {w1}, {w2})
SHAPERS = {{"soft": lambda x: np.tanh(x), "hard": np.sign}}

def bell(x, width=0.2):
    return np.exp(-np.square(x / width))

def scaled(x, *factors, shift=0.0):
    for factor in factors:
        x = x * factor
    return x + shift

"""
_RETURNS: Final = (
    "return {a}, {{'a': {a}, 'b': {b}}}",
    "components = dict(a={a}, b={b})\n    return sum(components.values()), components",
    "total = {a} + {b}\n    return total, {{f'part_{{i}}': part for i, part in enumerate([{a}, {b}])}}",
    "result = {a}, {{'a': {b}, 'flag': True, 'one': 1}}\n    return result",
    "components = {{}}\n    components['a'] = {a}\n    components.update(b={b})\n    return [{a}, components]",
)


@dataclass
class _Writer:
    """Writes one program; `scalars` are the names of one number per row that are there so far."""

    draw: st.DrawFn
    scalars: list[str] = field(default_factory=lambda: [name for name, size in KNOWN.items() if not size])

    def _pick(self, options: tuple[str, ...] | list[str]) -> str:
        return self.draw(st.sampled_from(options))

    def number(self) -> str:
        return self._pick(["0.5", "-1.25", "2", "1e-3", "np.pi", "math.e", "np.float32(0.1)"])

    def scalar(self, depth: int) -> str:
        """An expression of one number per row."""
        kind = self.draw(st.integers(0, 5 if depth else 1))
        if kind <= 1:
            return self._pick(self.scalars)
        if kind == 2:
            return f"{self.number()} * {self._pick(self.scalars)}"
        if kind == 3:
            return self._pick(_UNARY).format(f"({self.scalar(depth - 1)})")
        if kind == 4:
            return self._pick(_REDUCED).format(f"({self.vector(depth - 1)})")
        return self._pick(_BINARY).format(self.scalar(depth - 1), self.scalar(depth - 1))

    def vector(self, depth: int) -> str:
        """An expression of three numbers per row."""
        kind = self.draw(st.integers(0, 3 if depth else 0))
        if kind == 0:
            return self._pick(["action", "goal"])
        if kind == 1:
            return self._pick(_OF_VECTORS).format(self.vector(depth - 1), self.vector(depth - 1))
        if kind == 2:
            return f"{self.vector(depth - 1)} * ({self.scalar(depth - 1)})[:, None]"
        parts = ", ".join(self.scalar(depth - 1) for _ in range(3))
        return f"np.stack([{parts}], axis=1)"

    def statement(self, number: int) -> str:
        text = self._pick(_STATEMENTS).format(
            new=f"r{number}", a=self.scalar(2), b=self.scalar(1), c=self._pick(self.scalars), v=f"({self.vector(1)})"
        )
        self.scalars.append(f"r{number}")
        return f"    {text}\n"

    def program(self) -> str:
        sharp = self._pick(["True", "False", "1 < 2 <= 3"])
        head = self._pick(_TOPS) + _PRELUDE.format(sharp=sharp, w0=self.number(), w1=self.number(), w2=self.number())
        body = "".join(self.statement(number) for number in range(self.draw(st.integers(0, 4))))
        end = self._pick(_RETURNS).format(a=f"({self.scalar(2)})", b=f"({self.scalar(1)})")
        return f"{head}def compute_reward({', '.join(KNOWN)}):\n{body}    {end}\n"


@st.composite
def programs(draw: st.DrawFn) -> str:
    """The text of a reward of the inputs KNOWN that the language allows."""
    return _Writer(draw).program()
