"""The process that holds one compiled reward; runs in a child of the zygote, confined before it sees any code.

Whatever happens in here is reported in frames of fixed size and text of bounded length; the parent believes neither.
"""

from __future__ import annotations

import ast
import builtins
import mmap
import os
import pickle
from collections.abc import Callable
from types import CodeType, TracebackType
from typing import Final, NoReturn

import numpy as np
from numpy.typing import NDArray

from sandbox import channel, jail, kernel
from sandbox.bindings import resolve
from sandbox.channel import CALL, REPLY, Grant, Status
from sandbox.errors import RewardMisshapen
from sandbox.program import Program
from sandbox.results import metric_numbers, reward_columns

FILE_NAME: Final = "<reward>"
_MAX_DETAIL: Final = 2000
_WARMED_METHODS: Final = "sum mean std var min max all any prod cumsum cumprod argmax argmin argsort copy ravel round"


def run(inputs: int, outputs: int, doorbell: int, answer: int, grant: Grant, parent: int) -> NoReturn:
    """Becomes the process of one reward and never returns.

    `inputs`, `outputs`: memory files; `doorbell`, `answer`: pipe ends; `parent`: the zygote.
    """
    code = 70
    try:
        read = mmap.mmap(inputs, grant.inputs_bytes, mmap.MAP_SHARED, mmap.PROT_READ)
        written = mmap.mmap(outputs, grant.outputs_bytes, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
        os.dup2(doorbell, jail.DOORBELL)
        os.dup2(answer, jail.ANSWER)
        kernel.close_from(2)
        worker = Worker(read, written)
        try:
            jail.confine(parent, grant.memory_bytes, grant.cpu_seconds)
        except OSError as error:
            worker.reply(0, Status.UNCONFINED, text=str(error))
        else:
            worker.reply(0, Status.CONFINED)
            worker.serve()
            code = 0
    finally:
        os._exit(code)


class Worker:
    """Answers calls of one reward out of the shared memory."""

    def __init__(self, inputs: mmap.mmap, outputs: mmap.mmap) -> None:
        self._inputs = inputs
        self._outputs = outputs

    def reply(
        self,
        sequence: int,
        status: Status,
        text: str = "",
        broadcast: int = 0,
        numbers: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        """Writes one answer."""
        encoded = text.encode("utf-8", "replace")[: channel.TEXT_BYTES]
        self._outputs[: len(encoded)] = encoded
        os.write(jail.ANSWER, REPLY.pack(sequence, status, len(encoded), broadcast, *numbers))

    def _raised(self, sequence: int, error: BaseException) -> None:
        self.reply(sequence, Status.RAISED, _describe(error))

    def serve(self) -> None:
        """Compiles the program at the first ring and answers calls until the doorbell is closed."""
        if not os.read(jail.DOORBELL, CALL.size):
            return
        (size,) = channel.PROGRAM_HEADER.unpack_from(self._inputs, 0)
        start = channel.PROGRAM_HEADER.size
        # Written by the parent and mapped read-only here: the one direction in which pickles may travel.
        program = pickle.loads(self._inputs[start : start + size])
        assert isinstance(program, Program)
        try:
            function = _load(program)
        except BaseException as error:  # noqa: BLE001  (it goes to the parent, whatever it is)
            self._raised(0, error)
            return
        self._columns = np.frombuffer(self._outputs, np.float32, offset=channel.TEXT_BYTES)
        self._columns = self._columns.reshape(1 + channel.MAX_COMPONENTS, program.layout.rows)
        blocks = self._blocks(program)
        self.reply(0, Status.READY)
        while frame := os.read(jail.DOORBELL, CALL.size):
            sequence, rows, steps, max_steps, dt = CALL.unpack(frame)
            values = {"steps": steps, "max_steps": max_steps, "dt": dt}
            arguments = [blocks[name][:rows] if name in blocks else values[name] for name in program.parameters]
            try:
                self._answer(sequence, program, function(*arguments), rows)
            except RewardMisshapen as error:
                self.reply(sequence, Status.MISSHAPEN, str(error))
            except BaseException as error:  # noqa: BLE001
                self._raised(sequence, error)

    def _blocks(self, program: Program) -> dict[str, NDArray[np.float32]]:
        blocks = {}
        rows = program.layout.rows
        for name, offset, size in program.layout.blocks:
            flat = np.frombuffer(self._inputs, np.float32, rows * max(1, size), offset)
            blocks[name] = flat.reshape(rows, size) if size else flat
        return blocks

    def _answer(self, sequence: int, program: Program, result: object, rows: int) -> None:
        if program.kind == "metric":
            self.reply(sequence, Status.DONE, numbers=metric_numbers(result))
        else:
            names, broadcast = reward_columns(result, self._columns[:, :rows])
            self.reply(sequence, Status.DONE, "\n".join(names), broadcast)


def _load(program: Program) -> Callable[..., object]:
    code: CodeType = compile(program.tree, FILE_NAME, "exec", dont_inherit=True)
    given = {name: getattr(builtins, name) for name in program.builtins}
    names: dict[str, object] = {"__builtins__": {"__import__": _import_nothing} | given}
    for path in program.paths:
        names[path] = resolve(path)
    exec(code, names)
    function = names[program.entry]
    if not callable(function):
        raise TypeError(f"{program.entry} is no function any more: something else was assigned to its name")
    return function


def _import_nothing(_name: str, *_rest: object) -> None:
    """Lets NumPy's C code find its own modules, as for the class of an exception: it asks here, then takes what is loaded."""


def _describe(error: BaseException) -> str:
    """Class, line and text of an exception, on a line each but the last."""
    try:
        detail = str(error)[:_MAX_DETAIL]
    except BaseException:  # noqa: BLE001
        detail = "(its text could not be made)"
    line = _line(error.__traceback__)
    return f"{type(error).__name__}\n{line or ''}\n{detail}"


def _line(traceback: TracebackType | None) -> int | None:
    line = None
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == FILE_NAME:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


def warm() -> None:
    """Runs once what NumPy would import or start at its first use, so that confined children need neither."""
    vector = np.linspace(0.1, 1.0, 12, dtype=np.float32)
    matrix = vector.reshape(4, 3)
    for method in _WARMED_METHODS.split():
        getattr(matrix, method)()
    (
        matrix.clip(0.0, 1.0),
        matrix.astype(np.float64),
        matrix.dot(matrix.T),
        matrix @ matrix.T,
        repr(matrix),
        str(matrix),
        f"{matrix} {vector[0]}",
    )
    square = (matrix.T @ matrix).astype(np.float64) + np.eye(3)
    np.linalg.norm(matrix, axis=-1), np.linalg.inv(square), np.linalg.solve(square, square), np.linalg.eigh(square)
    np.linalg.svd(square), np.linalg.pinv(square), np.linalg.det(square), np.linalg.matrix_power(square, 3)
    np.einsum("ij,ij->i", matrix, matrix), np.cross(matrix, matrix), np.median(matrix), np.percentile(matrix, 50)
    np.select([vector > 1.0], [vector], 0.0), np.polyfit(vector, vector, 1), np.interp(vector, vector, vector)
    np.cov(matrix), np.unique(vector), np.nanmean(matrix), np.nanmedian(matrix), np.pad(vector, 1), np.gradient(vector)
    np.isin(vector, vector), np.apply_along_axis(np.sum, 0, matrix), np.finfo(np.float32).eps, np.iinfo(np.int32).max
    "naïve".isidentifier(), f"{1.0:.3f}", compile(ast.parse("x = 1"), FILE_NAME, "exec")
