"""The caller's handles: a reward, or a metric, that lives in its own confined process."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from sandbox import channel
from sandbox.channel import CALL, Grant, Layout, Status
from sandbox.child import Answer, Child
from sandbox.errors import RewardFault, RewardKilled, RewardMisshapen, RewardRaised, RewardTimeout, SandboxFault
from sandbox.hints import hint_for, printable
from sandbox.policy import CheckedReward
from sandbox.program import prepare
from sandbox.results import check_name
from sandbox.rows import shown
from sandbox.zygote import Zygote, zygote

_MIB: Final = 1024 * 1024
_CONFINEMENT_SECONDS: Final = 20.0
"""To fork and confine a process. No code of a reward has run until then, so that it takes long only where a machine has no time."""


@dataclass(frozen=True)
class Limits:
    """What one reward may use.

    `call_seconds`: per call, by the clock; `start_seconds`: to compile and run its module level; `patience`: how many times as long
    a process is waited for that the machine gives less than half of either on a core; `cpu_seconds`: processor time over all its
    calls; `memory_mib`: address space its process may add to what it is born with; `max_transitions`: the most rows of a call.
    """

    call_seconds: float = 5.0
    start_seconds: float = 20.0
    patience: float = 1.0
    cpu_seconds: int = 3600
    memory_mib: int = 1024
    max_transitions: int = 1 << 20


DEFAULT_LIMITS: Final = Limits()


@dataclass(frozen=True)
class RewardBatch:
    """What a reward gave for B transitions: float32 (B,) each; `broadcast` names the components that were one number."""

    total: NDArray[np.float32]
    components: dict[str, NDArray[np.float32]]
    broadcast: frozenset[str] = frozenset()


@dataclass(frozen=True)
class MetricValue:
    """What a metric says of one episode."""

    score: float
    success: bool


class _Confined:
    """What both handles share: a child, its memory, and the exchange of a call."""

    def __init__(
        self,
        checked: CheckedReward,
        sizes: Mapping[str, int],
        max_batch: int,
        limits: Limits = DEFAULT_LIMITS,
        zygote: Zygote | None = None,
    ) -> None:
        if not 1 <= max_batch <= limits.max_transitions:
            raise ValueError(
                f"max_batch is {max_batch}: expected 1 to {limits.max_transitions} (Limits.max_transitions)"
            )
        self.parameters = checked.parameters
        self.max_batch = max_batch
        self._checked = checked
        self._sizes = dict(sizes)
        self._limits = limits
        self._zygote = zygote
        self._child: Child | None = None
        self._fault: RewardFault | SandboxFault | None = None
        self._sequence = 0

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def open(self) -> Self:
        """Starts the process, confines it and compiles the code in it; does nothing where it is open.

        Raises SandboxFault, and RewardFault for code that fails at module level.
        """
        if self._child is not None:
            return self
        program, pickled = prepare(self._checked, self._sizes, self.max_batch)
        layout = program.layout
        grant = Grant(
            layout.inputs_bytes, layout.outputs_bytes, self._limits.memory_mib * _MIB, self._limits.cpu_seconds
        )
        child = Child(self._zygote or zygote(), grant)
        start = channel.PROGRAM_HEADER.size
        channel.PROGRAM_HEADER.pack_into(child.inputs, 0, len(pickled))
        child.inputs[start : start + len(pickled)] = pickled
        self._child, self._fault, self._sequence = child, None, 0
        self._map(child, layout)
        try:
            self._await_confinement(child)
            child.ring(CALL.pack(0, 0, 0, 0, 0.0))
            self._accept(child.wait(0, self._limits.start_seconds, self._limits.patience), Status.READY)
        except (RewardFault, SandboxFault):
            self.close()
            raise
        return self

    def close(self) -> None:
        """Ends the process and gives back its memory and descriptors; may be called twice."""
        child, self._child = self._child, None
        self._blocks: dict[str, NDArray[np.float32]] = {}
        self._columns: NDArray[np.float32] | None = None
        if child is not None:
            child.kill()

    def _map(self, child: Child, layout: Layout) -> None:
        self._blocks = {}
        for name, offset, size in layout.blocks:
            flat = np.frombuffer(child.inputs, np.float32, layout.rows * max(1, size), offset)
            self._blocks[name] = flat.reshape(layout.rows, size) if size else flat
        columns = np.frombuffer(child.outputs, np.float32, offset=channel.TEXT_BYTES)
        self._columns = columns.reshape(1 + channel.MAX_COMPONENTS, layout.rows)

    def _await_confinement(self, child: Child) -> None:
        try:
            answer = child.wait(0, _CONFINEMENT_SECONDS)
        except RewardTimeout as error:
            late = f"within {_CONFINEMENT_SECONDS:.0f} s: this machine has no time for it"
            raise SandboxFault(f"a child of the zygote was not confined {late}, or it hangs") from error
        except RewardFault as error:
            # No code has run yet: whatever happened is no fault of the code.
            raise SandboxFault(f"a child of the zygote could not be confined: {error}") from error
        if answer.status is not Status.CONFINED:
            raise SandboxFault(f"a child of the zygote could not be confined: {printable(answer.text)}")

    def _exchange(self, inputs: Mapping[str, NDArray[np.float32]], rows: int, more: tuple[int, int, float]) -> Answer:
        """Rings with inputs that lie ready and waits for the answer; a child that was lost stays lost."""
        if self._fault is not None:
            raise copy.copy(self._fault)
        child = self._child
        if child is None:
            raise RuntimeError("this reward is not open: use it in a with statement, or call open()")
        self._fill(inputs, rows)
        self._sequence += 1
        try:
            child.ring(CALL.pack(self._sequence, rows, *more))
            answer = child.wait(self._sequence, self._limits.call_seconds, self._limits.patience)
        except (RewardFault, SandboxFault) as error:
            # A copy, which holds no frames and through them no memory.
            self._fault = copy.copy(error)
            self.close()
            raise
        self._accept(answer, Status.DONE)
        return answer

    def _fill(self, inputs: Mapping[str, NDArray[np.float32]], rows: int) -> None:
        for name, block in self._blocks.items():
            np.copyto(block[:rows], inputs[name], casting="same_kind")

    def _accept(self, answer: Answer, expected: Status) -> None:
        if answer.status is expected:
            return
        if answer.status is Status.RAISED:
            fault = _raised(answer.text, self._limits)
            if isinstance(fault, RewardKilled):
                self._fault = copy.copy(fault)
                self.close()
            raise fault
        if answer.status is Status.MISSHAPEN:
            raise RewardMisshapen(printable(answer.text))
        message = "the process of the code sent an answer out of turn and was killed"
        self._fault = RewardKilled(message)
        self.close()
        raise RewardKilled(message)


class SandboxedReward(_Confined):
    """A reward function in its own process; a context manager.

    `checked`: from `check_reward`; `sizes`: parameter -> size (0: scalar per transition); `max_batch`: the most rows of a
    call; `zygote`: the process's own by default. One handle is for one thread at a time.
    """

    component_names: tuple[str, ...] | None = None
    """The names of the components; None until the first call, fixed after it."""

    def __call__(self, inputs: Mapping[str, NDArray[np.float32]]) -> RewardBatch:
        """Computes the rewards of B transitions.

        `inputs`: every parameter, (B,) or (B, n) float32; other keys are ignored. Raises RewardFault and SandboxFault;
        after RewardRaised and RewardMisshapen the handle can go on, after the others every call raises the same again.
        ValueError and KeyError are the caller's mistakes.
        """
        rows = self._rows(inputs)
        answer = self._exchange(inputs, rows, (0, 0, 0.0))
        names = self._names(answer.text)
        assert self._columns is not None
        # A copy before any look at it: the child may still write.
        results = self._columns[: 1 + len(names), :rows].copy()
        if not np.isfinite(results).all():
            raise RewardMisshapen(self._describe_non_finite(results, names, inputs))
        by_name = dict(zip(names, results[1:], strict=True))
        assert self.component_names is not None
        broadcast = frozenset(
            name
            for row, name in enumerate(names, 1)
            if answer.broadcast >> row & 1 and (results[row] == results[row, 0]).all()
        )
        return RewardBatch(results[0], {name: by_name[name] for name in self.component_names}, broadcast)

    def _rows(self, inputs: Mapping[str, NDArray[np.float32]]) -> int:
        shapes = {name: np.shape(inputs[name]) for name in self.parameters}
        batches = {shape[0] if shape else -1 for shape in shapes.values()} or {self.max_batch}
        rows = batches.pop()
        if batches or not 1 <= rows <= self.max_batch:
            raise ValueError(f"expected inputs with one and the same 1 to {self.max_batch} rows, got shapes {shapes}")
        return rows

    def _names(self, text: str) -> tuple[str, ...]:
        """The names the child gives, checked anew: it may lie."""
        names = tuple(text.split("\n"))
        for name in names:
            check_name(name)
        if not len(set(names)) == len(names) <= channel.MAX_COMPONENTS:
            raise RewardMisshapen(f"expected at most {channel.MAX_COMPONENTS} different components, got {len(names)}")
        if self.component_names is None:
            self.component_names = names
        if set(names) != set(self.component_names):
            was, now = ", ".join(self.component_names), ", ".join(names)
            raise RewardMisshapen(
                f"the components changed between calls: first {was}, then {now}; always return the same names"
            )
        return names

    def _describe_non_finite(
        self, results: NDArray[np.float32], names: tuple[str, ...], inputs: Mapping[str, NDArray[np.float32]]
    ) -> str:
        bad = ~np.isfinite(results)
        # The components first: the total is mostly their victim.
        column = next((c for c in [*range(1, len(results)), 0] if bad[c].any()), 0)
        row = int(np.argmax(bad[column]))
        read = {name: inputs[name] for name in self.parameters}
        what = f"component '{names[column - 1]}'" if column else "the total"
        return (
            f"{what}: expected finite float32, got {results[column, row]} in {int(bad[column].sum())} of "
            f"{results.shape[1]} rows, first in {shown(read, row)}; guard divisions, logarithms, roots and exponents, "
            f"as with np.maximum(x, 1e-6) or np.clip"
        )


class SandboxedMetric(_Confined):
    """A metric in its own process; made, opened and closed as a SandboxedReward, called once per episode."""

    def __call__(
        self, episode: Mapping[str, NDArray[np.float32]], steps: int, max_steps: int, dt: float
    ) -> MetricValue:
        """Judges one episode.

        `episode`: the variables, (L,) or (L, n) float32 with time first; `steps`, `max_steps`: steps lived and allowed;
        `dt`: seconds per step. Raises as SandboxedReward does; RewardMisshapen where the score is not finite.
        """
        lengths = {name: len(episode[name]) for name in self._blocks}
        length = max(lengths.values(), default=1)
        if not 1 <= length <= self.max_batch:
            raise ValueError(f"expected an episode of 1 to {self.max_batch} rows, got {lengths}")
        answer = self._exchange(episode, length, (steps, max_steps, dt))
        if not (math.isfinite(answer.score) and answer.success in (0.0, 1.0)):
            raise RewardMisshapen(
                f"score: expected a finite number, got {answer.score}; guard divisions and logarithms"
            )
        return MetricValue(answer.score, bool(answer.success))


def _raised(text: str, limits: Limits) -> RewardFault:
    kind, _, rest = text.partition("\n")
    line, _, detail = rest.partition("\n")
    detail = printable(detail)
    if kind == "MemoryError":
        return RewardKilled(
            f"the code needs more than {limits.memory_mib} MiB of memory: use smaller arrays ({detail})"
        )
    number = int(line) if line.isascii() and line.isdigit() and len(line) < 7 else None
    return RewardRaised(printable(kind)[:80], detail + hint_for(detail), number)
