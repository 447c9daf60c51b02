"""Properties of the process layer: honest code computes what it says, and hostile code hurts nobody, whatever it does."""

import os
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from sandbox import (
    Limits,
    RewardBatch,
    RewardFault,
    RewardKilled,
    RewardMisshapen,
    SandboxedReward,
    check_reward,
)
from sandbox.channel import REPLY
from sandbox.kernel import architecture
from tests.adversary.unchecked import unchecked
from tests.legitimate.corpus import in_process
from tests.properties.programs import KNOWN, programs

Array = NDArray[np.float32]

INPUTS = {"x": np.arange(8, dtype=np.float32)}
LIMITS = Limits(call_seconds=2.0, start_seconds=5.0, memory_mib=256)
# Where to be late is one more way to be hostile.
IMPATIENT = Limits(call_seconds=0.15, start_seconds=5.0, memory_mib=256)
# Beyond its deadline a call may take what killing and burying a process takes, on a busy machine.
MARGIN_SECONDS = 3.0


def hostile(lines: list[str], top: tuple[str, ...] = (), limits: Limits = LIMITS) -> SandboxedReward:
    """A reward that the syntax layer never saw, with all of Python's builtins."""
    body = "".join(f"    {line}\n" for line in (*lines, "return x, {'x': x}"))
    source = "".join(f"{line}\n" for line in top) + f"def compute_reward(x):\n{body}"
    return SandboxedReward(unchecked(source), {"x": 0}, 8, limits)


def outcome(reward: SandboxedReward, calls: int = 1) -> list[RewardBatch | RewardFault]:
    """What opening and calling a reward gives: batches that are well formed, and at most a fault at the end of its life."""
    answers: list[RewardBatch | RewardFault] = []
    try:
        with reward:
            for _ in range(calls):
                began = time.monotonic()
                try:
                    batch = reward(INPUTS)
                except RewardFault as fault:
                    answers.append(fault)
                else:
                    well_formed(batch)
                    answers.append(batch)
                assert time.monotonic() - began < LIMITS.call_seconds + MARGIN_SECONDS
    except RewardFault as fault:
        answers.append(fault)
    return answers


def well_formed(batch: RewardBatch) -> None:
    assert 1 <= len(batch.components) <= 16
    assert all(name.isascii() and name.isidentifier() and len(name) <= 64 for name in batch.components)
    assert batch.broadcast <= set(batch.components)
    for column in (batch.total, *batch.components.values()):
        assert column.dtype == np.float32
        assert column.shape == (8,)
        assert np.isfinite(column).all()


@pytest.fixture
def bystander() -> Iterator[None]:
    """Another reward of the same zygote, which must answer the same before and after; and nothing may be left behind."""
    source = "def compute_reward(x):\n    return 2 * x, {'twice': 2 * x}\n"
    with SandboxedReward(check_reward(source, {"x": 0}), {"x": 0}, 8) as beside:
        assert np.array_equal(beside(INPUTS).total, 2 * INPUTS["x"])
        before = len(list(Path("/proc/self/fd").iterdir()))
        yield
        assert np.array_equal(beside(INPUTS).total, 2 * INPUTS["x"])
        assert len(list(Path("/proc/self/fd").iterdir())) == before


def column(value: object, rows: int) -> Array:
    return np.broadcast_to(np.asarray(value).astype(np.float32), (rows,))


@settings(max_examples=80, deadline=None, derandomize=True)
@given(programs(), st.integers(0, 2**32), st.sampled_from((1, 2, 63, 256)))
def test_a_generated_program_computes_bit_for_bit_what_it_computes_in_this_process(
    source: str, seed: int, rows: int
) -> None:
    random = np.random.default_rng(seed)
    inputs = {
        name: random.normal(scale=3.0, size=(rows, size) if size else rows).astype(np.float32)
        for name, size in KNOWN.items()
    }
    with np.errstate(all="ignore"):
        total, components = in_process(source)(**{name: array.copy() for name, array in inputs.items()})
    expected = [column(value, rows) for value in (total, *components.values())]

    with SandboxedReward(check_reward(source, KNOWN), KNOWN, rows) as confined:
        if all(np.isfinite(one).all() for one in expected):
            batch = confined(inputs)
            assert list(batch.components) == list(components)
            computed = (batch.total, *batch.components.values())
            assert [one.tobytes() for one in computed] == [one.tobytes() for one in expected]
        else:
            with pytest.raises(RewardMisshapen):
                confined(inputs)


NATIVE = architecture()
assert NATIVE is not None
# Those a computing process needs; what they may be asked is judged in the tests of the filter.
SERVED = set(NATIVE.calls.values()) - {NATIVE.calls["capset"], NATIVE.calls["seccomp"]}
# uretprobe and uprobe of x86-64: the kernel answers them without asking any filter, for they are the calls of its own probes.
# Made by anyone else they are an illegal instruction, or an error; neither does anything.
UNFILTERED = {335, 336} if NATIVE.calls["read"] == 0 else set[int]()
CALL = "import ctypes; memory = ctypes.create_string_buffer(65536); here = ctypes.addressof(memory)"


def system_call(number: int, arguments: tuple[int | None, ...]) -> SandboxedReward:
    """Code that makes one system call; None among its arguments is the address of memory of its own."""
    numbers = ", ".join(f"ctypes.c_long({'here' if one is None else one})" for one in (number, *arguments))
    return hostile([CALL, f"ctypes.CDLL(None).syscall({numbers})"])


def refused(answer: RewardBatch | RewardFault) -> bool:
    """Whether the filter killed the process."""
    return isinstance(answer, RewardKilled) and "asked the kernel" in str(answer)


@pytest.mark.usefixtures("bystander")
def test_every_system_call_but_those_of_computing_kills() -> None:
    for number in sorted({*range(471)} - SERVED):
        (answer,) = outcome(system_call(number, (-1, None, 0, -1, 0, 0)))
        assert refused(answer) or number in UNFILTERED, number


arguments = st.one_of(
    st.sampled_from([None, 0, 1, -1, 2, 4096, 2**31, -(2**63), 2**63 - 1]), st.integers(-(2**63), 2**63 - 1)
)


@pytest.mark.usefixtures("bystander")
def test_any_system_call_with_any_arguments_harms_nobody() -> None:
    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(
        st.one_of(
            st.integers(0, 470),
            st.sampled_from(sorted(SERVED)),
            st.integers(0, 600).map(lambda number: number | 0x40000000),
            st.integers(-(2**31), 2**31 - 1),
        ),
        st.tuples(*[arguments] * 6),
    )
    def harmless(number: int, six: tuple[int | None, ...]) -> None:
        (answer,) = outcome(system_call(number, six))
        assert refused(answer) or number in SERVED | UNFILTERED

    harmless()


words = st.one_of(st.integers(0, 9), st.sampled_from([8192, 8193, 2**31, 2**32 - 1]), st.integers(0, 2**32 - 1))
frames = st.one_of(
    st.binary(max_size=3 * REPLY.size),
    st.builds(REPLY.pack, words, words, words, words, st.floats(), st.floats()),
    # What the next honest answer would be, and the one after.
    st.builds(REPLY.pack, st.integers(0, 3), st.integers(1, 6), st.integers(0, 40), words, st.floats(), st.floats()),
)
texts = st.one_of(
    st.binary(max_size=60),
    st.lists(st.sampled_from([b"x", b"a", b"<b>", b"\x1b[1m", b"", b"1", b"a b", b"\xff", b"a" * 65]), max_size=18).map(
        b"\n".join
    ),
)
WORKER = (
    "import os, struct, sys",
    "frame = sys._getframe()",
    "while 'self' not in frame.f_locals: frame = frame.f_back",
    "worker = frame.f_locals['self']",
)


def lie(frame: bytes, text: bytes, bits: int) -> list[str]:
    """Lines that leave `text`, and rows of the float32 of these `bits`, where answers are read, and send `frame`."""
    value = struct.pack("<I", bits) * 8 * 3
    return [
        f"worker._outputs[:{len(text)}] = {text!r}",
        f"worker._outputs[8192 : 8192 + {len(value)}] = {value!r}",
        f"os.write(1, {frame!r})",
    ]


lies = st.builds(
    lie, frames, texts, st.one_of(st.sampled_from([0, 0x7FC00000, 0x7F800000, 0x3F800000]), st.integers(0, 2**32 - 1))
)


@pytest.mark.usefixtures("bystander")
def test_a_child_that_lies_at_any_moment_is_believed_in_nothing_that_is_not_well_formed() -> None:
    @settings(max_examples=45, deadline=None, derandomize=True)
    @given(
        st.lists(lies, max_size=1),
        st.lists(lies, min_size=1, max_size=2),
        st.sampled_from(["pass", "pass", "raise ValueError", "os._exit(0)", "while True: pass"]),
    )
    def bounded(at_start: list[list[str]], at_call: list[list[str]], end: str) -> None:
        top = tuple(line for one in at_start for line in one)
        body = [line for one in at_call for line in one]
        answers = outcome(hostile([*WORKER, *body, end], (*WORKER, *top) if top else (), IMPATIENT), calls=3)
        assert answers
        assert all(str(answer).isprintable() for answer in answers if isinstance(answer, RewardFault))

    bounded()


# Every pattern of bits is a float32; these are the ones that are no ordinary number: zeros, subnormals, infinities, NaN
# that are quiet and that signal, and the largest.
ODD = (0, 0x80000000, 1, 0x807FFFFF, 0x00800000, 0x7F800000, 0xFF800000, 0x7FC00000, 0x7F800001, 0xFFFFFFFF, 0x7F7FFFFF)
patterns = st.one_of(st.sampled_from(ODD), st.integers(0, 2**32 - 1))
SIZES = {"x": 0, "v": 3}
BITS = """
def compute_reward(x, v):
    import numpy as np
    bits = np.concatenate([np.asarray(x)[:, None], v], axis=1).view(np.uint32)
    parts = {f"high_{i}": bits[:, i] >> 16 for i in range(4)} | {f"low_{i}": bits[:, i] & 0xFFFF for i in range(4)}
    return x.size, parts
"""


@st.composite
def batches(draw: st.DrawFn) -> dict[str, Array]:
    """Inputs of 1 to 40 rows, in one of several layouts in memory."""
    rows = draw(st.integers(1, 40))
    x = draw(arrays.arrays(np.uint32, (rows,), elements=patterns)).view(np.float32)
    v = draw(arrays.arrays(np.uint32, (rows, 3), elements=patterns)).view(np.float32)
    layout = draw(st.sampled_from(["plain", "columns first", "backwards", "every other", "read-only"]))
    if layout == "columns first":
        v = np.asfortranarray(v)
    elif layout == "backwards":
        x, v = x[::-1], v[::-1, ::-1]
    elif layout == "every other":
        x, v = np.repeat(x, 2)[::2], np.repeat(v, 2, axis=1)[:, ::2]
    elif layout == "read-only":
        x.setflags(write=False)
    return {"x": x, "v": v}


def bits_of(array: Array) -> NDArray[np.uint32]:
    return np.ascontiguousarray(array).view(np.uint32)


def test_any_inputs_arrive_bit_for_bit() -> None:
    with SandboxedReward(unchecked(BITS, ("x", "v")), SIZES, 40) as reward:

        @settings(max_examples=150, deadline=None, derandomize=True)
        @given(batches())
        def arrive(inputs: dict[str, Array]) -> None:
            parts = reward(inputs).components
            sent = np.concatenate([bits_of(inputs["x"])[:, None], bits_of(inputs["v"])], axis=1)
            for i in range(4):
                # Both halves are below 2**16: float32 holds them exactly.
                got = parts[f"high_{i}"].astype(np.uint32) << 16 | parts[f"low_{i}"].astype(np.uint32)
                assert np.array_equal(got, sent[:, i])

        arrive()


def test_any_finite_outputs_come_back_bit_for_bit_and_others_never() -> None:
    source = "def compute_reward(x, v):\n    return x, {'a': v[:, 0], 'b': v[:, 1], 'c': v[:, 2]}\n"
    with SandboxedReward(check_reward(source, SIZES), SIZES, 40) as reward:

        @settings(max_examples=150, deadline=None, derandomize=True)
        @given(batches(), st.booleans())
        def come_back(inputs: dict[str, Array], finite: bool) -> None:
            if finite:
                inputs = {name: np.where(np.isfinite(array), array, np.float32(1.0)) for name, array in inputs.items()}
            if all(np.isfinite(array).all() for array in inputs.values()):
                batch = reward(inputs)
                columns = np.stack([batch.components[name] for name in "abc"], axis=1)
                assert np.array_equal(bits_of(batch.total), bits_of(inputs["x"]))
                assert np.array_equal(bits_of(columns), bits_of(inputs["v"]))
            else:
                with pytest.raises(RewardMisshapen, match=r"expected finite float32, got (nan|inf|-inf)"):
                    reward(inputs)

        come_back()


def test_the_caller_is_who_it_was() -> None:
    before = (os.getpid(), Path.cwd(), os.getuid(), dict(os.environ))
    outcome(hostile([CALL, "ctypes.CDLL(None).kill(-1, 9)"]))

    assert (os.getpid(), Path.cwd(), os.getuid(), dict(os.environ)) == before
