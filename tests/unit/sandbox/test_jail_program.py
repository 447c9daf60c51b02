"""The seccomp filter, instruction by instruction: what it lets through is what is written down here by hand, and no more.

The filter is run by an interpreter of classic BPF that knows only the instructions a seccomp filter of this kind may hold;
so the filter of a processor that is not at hand is judged as well.
"""

import struct
from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox import jail, kernel

Arguments = tuple[int, int, int, int, int, int]

ALLOW, KILL_PROCESS = 0x7FFF0000, 0x80000000
# AUDIT_ARCH_*: the number of the processor's ELF machine, with bits for 64 bits wide (2**31) and little-endian (2**30).
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
FOREIGN_AUDITS = {"i386": 0x40000003, "arm": 0x40000028, "s390x": 0x80000016, "riscv64": 0xC00000F3, "nothing": 0}
# From the kernel's tables: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
NUMBERS = {
    machine: {int(number): name for number, name in (pair.split() for pair in text.split(","))}
    for machine, text in {
        "x86_64": "0 read, 1 write, 9 mmap, 10 mprotect, 11 munmap, 12 brk, 25 mremap, 28 madvise, 60 exit, 202 futex, "
        "219 restart_syscall, 231 exit_group",
        "aarch64": "63 read, 64 write, 93 exit, 94 exit_group, 98 futex, 128 restart_syscall, 214 brk, 215 munmap, "
        "216 mremap, 222 mmap, 226 mprotect, 233 madvise",
    }.items()
}


def low(value: int) -> int:
    """The half of an argument that the kernel looks at, for descriptors and flags."""
    return value & 0xFFFFFFFF


# What a process that computes needs, and nothing else. The kernel reads flags and descriptors as 32 bits, or refuses others.
SPECIFICATION: dict[str, Callable[[Arguments], bool]] = {
    "read": lambda a: low(a[0]) == 0,
    "write": lambda a: low(a[0]) == 1,
    # MAP_PRIVATE 2 + MAP_ANONYMOUS 0x20, perhaps with MAP_NORESERVE 0x4000; never PROT_EXEC 4.
    "mmap": lambda a: low(a[2]) & 4 == 0 and low(a[3]) in (0x22, 0x4022),
    "mprotect": lambda a: low(a[2]) & 4 == 0,
    # MADV_DONTNEED, MADV_FREE, MADV_HUGEPAGE, MADV_NOHUGEPAGE.
    "madvise": lambda a: low(a[2]) in (4, 8, 14, 15),
    # FUTEX_WAIT, FUTEX_WAKE and both with a bit set, each plain, private (128), by the wall clock (256), or both.
    "futex": lambda a: low(a[1]) in {operation + flags for operation in (0, 1, 9, 10) for flags in (0, 128, 256, 384)},
} | dict.fromkeys(("munmap", "mremap", "brk", "exit", "exit_group", "restart_syscall"), lambda a: True)


def allowed(machine: str, number: int, arguments: Arguments) -> bool:
    name = NUMBERS[machine].get(number)
    return name is not None and SPECIFICATION[name](arguments)


def instructions(machine: str) -> list[tuple[int, int, int, int]]:
    return list(struct.iter_unpack("=HBBI", jail.seccomp_program(kernel.ARCHITECTURES[machine])))


FILTERS = {machine: instructions(machine) for machine in NUMBERS}


def run(program: list[tuple[int, int, int, int]], audit: int, number: int, arguments: Arguments) -> int:
    """What the filter returns for one system call; fails on an instruction that has no business in it."""
    data = struct.pack("<IIQ6Q", number, audit, 0, *arguments)
    at = accumulator = 0
    while True:
        code, if_true, if_false, value = program[at]
        at += 1
        if code == 0x20:  # load a word
            assert value % 4 == 0
            (accumulator,) = struct.unpack_from("<I", data, value)
        elif code == 0x54:  # and
            accumulator &= value
        elif code == 0x06:  # return
            return value
        else:
            test = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}[code]
            at += if_true if test else if_false


both = pytest.mark.parametrize("machine", NUMBERS)


@both
def test_every_jump_lands_inside_the_program_and_every_way_ends_in_a_verdict(machine: str) -> None:
    program = FILTERS[machine]
    # BPF_MAXINSNS; a seccomp filter of more is refused.
    assert len(program) <= 4096
    assert program[-1] == (0x06, 0, 0, KILL_PROCESS)
    for at, (code, if_true, if_false, value) in enumerate(program):
        if code == 0x06:
            assert value in (ALLOW, KILL_PROCESS)
        else:
            assert at + 1 + max(if_true, if_false) < len(program)


@both
def test_no_instruction_is_there_that_no_system_call_reaches(machine: str) -> None:
    program, waiting = FILTERS[machine], [0]
    reached: set[int] = set()
    while waiting:
        at = waiting.pop()
        if at not in reached:
            reached.add(at)
            code, if_true, if_false, _ = program[at]
            if code in (0x15, 0x35, 0x45):
                waiting += [at + 1 + if_true, at + 1 + if_false]
            elif code != 0x06:
                waiting.append(at + 1)

    assert reached == set(range(len(program)))


WORDS = (0, 1, 2, 3, 4, 7, 9, 10, 14, 128, 0x22, 0x21, 0x32, 0x4022, 2**32 - 1, 2**32, 2**32 + 1, 2**64 - 1)


@both
def test_every_system_call_is_allowed_exactly_where_it_is_written_down(machine: str) -> None:
    # Each argument on its own through all the words, and the two that mmap is judged by together.
    samples: list[Arguments] = [(word,) * 6 for word in WORDS]
    samples += [(0, 4096, protection, flags, 2**64 - 1, 0) for protection, flags in product(WORDS, WORDS)]
    for number in range(601):
        chosen = samples if number in NUMBERS[machine] else samples[: len(WORDS)]
        for arguments in chosen:
            verdict = run(FILTERS[machine], AUDIT[machine], number, arguments)
            assert verdict == (ALLOW if allowed(machine, number, arguments) else KILL_PROCESS), (number, arguments)


words = st.one_of(st.sampled_from(WORDS), st.integers(0, 512), st.integers(0, 2**64 - 1))


@both
@settings(max_examples=400, deadline=None, derandomize=True)
@given(
    number=st.one_of(st.integers(0, 600), st.integers(0, 2**32 - 1)),
    known=st.integers(0, 11),
    arguments=st.tuples(words, words, words, words, words, words),
)
def test_any_arguments_are_judged_as_written_down(machine: str, number: int, known: int, arguments: Arguments) -> None:
    for one in (number, sorted(NUMBERS[machine])[known]):
        verdict = run(FILTERS[machine], AUDIT[machine], one, arguments)
        assert verdict == (ALLOW if allowed(machine, one, arguments) else KILL_PROCESS)


@both
@pytest.mark.parametrize("audit", FOREIGN_AUDITS.values(), ids=FOREIGN_AUDITS.keys())
def test_no_call_of_another_architecture_is_served(machine: str, audit: int) -> None:
    other = AUDIT["aarch64" if machine == "x86_64" else "x86_64"]
    for number in range(601):
        for foreign in (audit, other):
            assert run(FILTERS[machine], foreign, number, (0, 0, 0, 0, 0, 0)) == KILL_PROCESS


@both
def test_no_call_with_the_bit_of_the_x32_interface_is_served(machine: str) -> None:
    # x32 shares the audit number of x86-64: its calls are told by bit 30 of their number.
    for number in range(601):
        arguments = (1, 1, 1, 0x22, 0, 0)
        assert run(FILTERS[machine], AUDIT[machine], number | 0x40000000, arguments) == KILL_PROCESS
