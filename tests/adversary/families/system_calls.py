"""Direct system calls: what code does once it has the kernel's own door, whatever Python offers or refuses.

Each shows its effect as any user, on x86-64 and aarch64, and in a container under Docker's default profile. That leaves out
calls which only root may make, and those which that profile refuses already (clone3, keys, userfaultfd, io_uring,
process_vm_readv).
"""

from __future__ import annotations

from typing import Final

from tests.adversary.attack import Attack, Effect, Family, reward

# Nothing here asks the kernel anything yet, so that the call itself is what is refused.
_TOP: Final = (
    "import ctypes, mmap, os, socket, struct, sys",
    "libc = ctypes.CDLL(None, use_errno=True)",
    "amd = 'x86_64' in sys.implementation._multiarch",
    "here, long, pointer = -100, ctypes.c_long, ctypes.c_void_p",
    "def kernel(on_amd, on_arm, *arguments):",
    "    return libc.syscall(long(on_amd if amd else on_arm), *arguments)",
    "def tell(text):",
    "    raise ValueError(text)",
)
_FILES, _PROCESS, _CALLER = Effect.FILES, Effect.PROCESS, Effect.CALLER
_NEW, _VICTIM, _SECRET = "b'$FOLDER/new'", "b'$FOLDER/victim'", "b'$FOLDER/secret'"
_MAKE: Final = "['sh', '-c', 'echo > $FOLDER/new']"
_OPEN_VICTIM: Final = f"victim = libc.open({_VICTIM}, os.O_RDWR)"
_OPEN_SECRET: Final = f"secret = libc.open({_SECRET}, os.O_RDONLY)"


def _attack(name: str, effect: Effect, *lines: str) -> Attack:
    return Attack(name, Family.SYSTEM_CALLS, reward(*lines, top=_TOP), effect)


_NAMES: Final = (
    _attack("openat", _FILES, f"libc.openat(here, {_NEW}, os.O_CREAT | os.O_WRONLY, 0o666)"),
    _attack(
        "open, the old call",
        _FILES,
        f"libc.syscall(2, {_NEW}, os.O_CREAT, 0o666) if amd else libc.openat(here, {_NEW}, os.O_CREAT, 0o666)",
    ),
    _attack("openat2", _FILES, f"kernel(437, 437, here, {_NEW}, struct.pack('QQQ', os.O_CREAT, 0o666, 0), long(24))"),
    _attack("creat", _FILES, f"libc.creat({_NEW}, 0o666)"),
    _attack("unlink", _FILES, f"libc.unlink({_VICTIM})"),
    _attack("rmdir", _FILES, "libc.rmdir(b'$FOLDER/private')"),
    _attack("rename", _FILES, f"libc.rename({_VICTIM}, {_NEW})"),
    _attack("renameat2, exchanging two files", _FILES, f"kernel(316, 276, here, {_VICTIM}, here, {_SECRET}, 2)"),
    _attack("link", _FILES, f"libc.link({_VICTIM}, {_NEW})"),
    _attack("symlink", _FILES, f"libc.symlink(b'/etc/passwd', {_NEW})"),
    _attack("chmod", _FILES, f"libc.chmod({_VICTIM}, 0)"),
    _attack("chown", _FILES, f"libc.chown({_VICTIM}, os.getuid(), os.getgid())"),
    _attack("truncate", _FILES, f"libc.truncate({_VICTIM}, long(0))"),
    _attack("mkdir", _FILES, f"libc.mkdir({_NEW}, 0o777)"),
    _attack("mknod, a named pipe", _FILES, f"libc.mknod({_NEW}, 0o010666, long(0))"),
    _attack("setxattr", _FILES, f"libc.setxattr({_VICTIM}, b'user.mark', b'x', long(1), 0)"),
    _attack("utimensat", _FILES, f"libc.utimensat(here, {_VICTIM}, struct.pack('qqqq', 0, 0, 0, 0), 0)"),
    _attack("bind, which makes a file", _FILES, "socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).bind('$FOLDER/new')"),
    _attack(
        "linkat, of a file without a name",
        _FILES,
        "nameless = os.open('$FOLDER', os.O_TMPFILE | os.O_RDWR)",
        f"libc.linkat(here, b'/proc/self/fd/%d' % nameless, here, {_NEW}, 0x400)",
    ),
)

_CONTENTS: Final = (
    _attack(
        "mmap of a file, written to",
        _FILES,
        _OPEN_VICTIM,
        "with mmap.mmap(victim, 5) as memory: memory[:5] = b'taken'",
    ),
    _attack("pwritev", _FILES, _OPEN_VICTIM, "os.pwritev(victim, [b'ta', b'ken'], 0)"),
    _attack("sendfile", _FILES, _OPEN_VICTIM, _OPEN_SECRET, "libc.sendfile(victim, secret, None, long(8))"),
    _attack(
        "splice, by a pipe",
        _FILES,
        "out, into = os.pipe()",
        "os.write(into, b'taken')",
        _OPEN_VICTIM,
        "libc.splice(out, None, victim, None, long(5), 0)",
    ),
    _attack(
        "copy_file_range",
        _FILES,
        _OPEN_VICTIM,
        _OPEN_SECRET,
        "kernel(326, 285, secret, None, victim, None, long(8), 0)",
    ),
    _attack("fallocate", _FILES, _OPEN_VICTIM, "libc.fallocate(victim, 0, long(0), long(4096))"),
    _attack(
        "io_submit, a write that happens by itself",
        _FILES,
        "context = ctypes.c_ulong(0)",
        "kernel(206, 0, 1, ctypes.byref(context))",
        _OPEN_VICTIM,
        "text = ctypes.create_string_buffer(b'taken', 5)",
        "block = struct.pack('QIiHhIQQqQII', 0, 0, 0, 1, 0, victim, ctypes.addressof(text), 5, 0, 0, 0, 0)",
        "held = ctypes.create_string_buffer(block, 64)",
        "kernel(209, 2, context, long(1), ctypes.byref(pointer(ctypes.addressof(held))))",
    ),
    _attack(
        "readv of a file",
        Effect.LEAK,
        _OPEN_SECRET,
        "text = bytearray(26)",
        "os.readv(secret, [text])",
        "tell(text.decode())",
    ),
    _attack(
        "pread of whatever the caller holds open",
        Effect.LEAK,
        "for descriptor in range(3, 64):",
        "    try: tell(os.pread(descriptor, 26, 0).decode())",
        "    except OSError: continue",
    ),
    _attack(
        "pread of the caller's memory as a file",
        Effect.LEAK,
        "libc.getenv.restype = ctypes.c_void_p",
        "there = libc.getenv(b'REWARDSMITH_SECRET') or 0",
        "tell(os.pread(libc.open(b'/proc/$CALLER/mem', os.O_RDONLY), 26, there).decode())",
    ),
)

# openat in machine code: the number of the call and its four arguments come as a C function's arguments.
_CODE: Final = (
    "code = bytes.fromhex('89f84889f74889d64889ca4d89c20f05c3' if amd else"
    " 'e80300aae00301aae10302aae20303aae30304aa010000d4c0035fd6')",
    "run = ctypes.CFUNCTYPE(long, long, long, ctypes.c_char_p, long, long)",
)
_RUN_CODE: Final = f"run(page)(257 if amd else 56, here, {_NEW}, os.O_CREAT, 0o666)"

_PROGRAMS: Final = (
    _attack("execve", _FILES, f"os.execve('/bin/sh', {_MAKE}, {{}})"),
    _attack("posix_spawn", _FILES, f"os.waitpid(os.posix_spawn('/bin/sh', {_MAKE}, {{}}), 0)"),
    _attack(
        "execveat, of a program in memory",
        _FILES,
        "program = os.memfd_create('program')",
        "os.write(program, open('/bin/sh', 'rb').read())",
        "words = (ctypes.c_char_p * 4)(b'sh', b'-c', b'echo > $FOLDER/new', None)",
        "kernel(322, 281, program, b'', words, None, 0x1000)",
    ),
    _attack(
        "mmap of machine code",
        _FILES,
        *_CODE,
        "memory = mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, 7)",
        "memory[: len(code)] = code",
        "page = ctypes.addressof(ctypes.c_char.from_buffer(memory))",
        _RUN_CODE,
    ),
    _attack(
        "mprotect, which makes memory code",
        _FILES,
        *_CODE,
        "memory = mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)",
        "memory[: len(code)] = code",
        "page = ctypes.addressof(ctypes.c_char.from_buffer(memory))",
        "libc.mprotect(pointer(page), long(4096), 5)",
        _RUN_CODE,
    ),
    _attack("clone", _PROCESS, "while kernel(56, 220, 17, None, None, None, None) == 0: libc.pause()"),
    _attack("fork", _PROCESS, "while os.fork() == 0: libc.pause()"),
    _attack(
        "a daemon: setsid between two forks",
        _PROCESS,
        "if os.fork() == 0:",
        "    os.setsid()",
        "    if os.fork(): os._exit(0)",
        "    while True: libc.pause()",
    ),
    _attack(
        "a thread that outlives the call", _CALLER, "import _thread", "_thread.start_new_thread(libc.sleep, (60,))"
    ),
)

_OTHERS: Final = (
    _attack("kill, stopping another", _PROCESS, "libc.kill($BYSTANDER, 19)"),
    _attack("kill, ending another", _PROCESS, "libc.kill($BYSTANDER, 9)"),
    _attack("tgkill", _PROCESS, "kernel(234, 131, $BYSTANDER, $BYSTANDER, 15)"),
    _attack(
        "rt_sigqueueinfo",
        _PROCESS,
        "kernel(129, 138, $BYSTANDER, 10, struct.pack('iii', 10, 0, -1).ljust(128, b'\\0'))",
    ),
    _attack("pidfd_send_signal", _PROCESS, "kernel(424, 424, kernel(434, 434, $BYSTANDER, 0), 12, None, 0)"),
    _attack(
        "a pipe whose news the kernel signals to another",
        _PROCESS,
        "out, into = os.pipe()",
        "libc.fcntl(out, 8, $BYSTANDER)",
        "libc.fcntl(out, 10, 15)",
        "libc.fcntl(out, 4, 0o20000)",
        "os.write(into, b'x')",
    ),
    _attack("ptrace, attaching", _PROCESS, "libc.ptrace(long(16), $BYSTANDER, None, None)"),
    _attack("ptrace, seizing unseen", _PROCESS, "libc.ptrace(long(0x4206), $BYSTANDER, None, None)"),
    _attack("setpriority", _PROCESS, "libc.setpriority(0, $BYSTANDER, 19)"),
    _attack(
        "sched_setaffinity",
        _PROCESS,
        "os.sched_setaffinity($BYSTANDER, {max(os.sched_getaffinity($BYSTANDER))})",
    ),
    _attack("sched_setscheduler", _PROCESS, "libc.sched_setscheduler($BYSTANDER, 5, struct.pack('i', 0))"),
    _attack("prlimit", _PROCESS, "libc.prlimit($BYSTANDER, 7, struct.pack('QQ', 4, 4), None)"),
    _attack("ioprio_set", _PROCESS, "kernel(251, 30, 1, $BYSTANDER, 3 << 13)"),
    _attack(
        "a score that has another killed first",
        _PROCESS,
        "os.write(libc.open(b'/proc/$BYSTANDER/oom_score_adj', os.O_WRONLY), b'1000')",
    ),
)

_SOCKETS: Final = (
    _attack("connect over TCP", Effect.NETWORK, "socket.socket().connect(('127.0.0.1', $PORT))"),
    _attack(
        "sendto over UDP",
        Effect.NETWORK,
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', $UDP_PORT))",
    ),
    _attack(
        "sendmsg on an unconnected socket",
        Effect.NETWORK,
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendmsg([b'x'], [], 0, ('127.0.0.1', $UDP_PORT))",
    ),
    _attack(
        "connect to a socket in a folder",
        Effect.NETWORK,
        "socket.socket(socket.AF_UNIX).connect('$FOLDER/listen.sock')",
    ),
    _attack(
        "connect to a socket without a file", Effect.NETWORK, "socket.socket(socket.AF_UNIX).connect('\\0$ABSTRACT')"
    ),
)

_KERNEL: Final = (
    _attack("shmget", Effect.KERNEL, "libc.shmget($PORT, long(4096), 0o1666)"),
    _attack("msgget", Effect.KERNEL, "libc.msgget($PORT, 0o1666)"),
    _attack("semget", Effect.KERNEL, "libc.semget($PORT, 1, 0o1666)"),
    _attack("mq_open", Effect.KERNEL, "kernel(240, 180, b'adversary-$PORT', os.O_CREAT | os.O_RDWR, 0o666, None)"),
)

_ITSELF: Final = (
    _attack("chdir", _CALLER, "libc.chdir(b'/etc')"),
    _attack("umask", _CALLER, "libc.umask(0)"),
    _attack("sigaction", _CALLER, "libc.signal(15, pointer(1))"),
    _attack("sigprocmask", _CALLER, "libc.sigprocmask(0, bytes([255] * 128), None)"),
    _attack("close", _CALLER, "for descriptor in range(3, 64): libc.close(descriptor)"),
    _attack("dup2", _CALLER, "libc.dup2(0, 3)"),
    _attack("setrlimit", _CALLER, "libc.setrlimit(7, struct.pack('QQ', 600, 600))"),
    _attack("prctl", _CALLER, "libc.prctl(38, long(1), long(0), long(0), long(0))"),
    _attack(
        "setitimer, an alarm for later",
        _CALLER,
        "libc.setitimer(0, struct.pack('qqqq', 0, 0, 0, 1000), None)",
        "libc.usleep(50000)",
    ),
    _attack("abort", _CALLER, "libc.abort()"),
    _attack("exit_group", _CALLER, "kernel(231, 94, 0)"),
    # What follows is allowed in the sandbox as well, and harms nobody but the process itself.
    _attack("exit, of the last thread", _CALLER, "kernel(60, 93, 0)"),
    _attack("munmap of what it stands on", _CALLER, "libc.munmap(pointer(id(x) & ~4095), long(1 << 20))"),
    _attack(
        "madvise, which empties its memory",
        _CALLER,
        "libc.madvise(pointer((id(x) & ~4095) - (1 << 20)), long(1 << 21), 4)",
    ),
    _attack(
        "brk, below its heap",
        _CALLER,
        "libc.sbrk.restype = long",
        "kernel(12, 214, long(libc.sbrk(long(0)) - (1 << 20)))",
        "y = [bytes(64) for i in range(100000)]",
    ),
    _attack(
        "futex, waiting for nobody",
        Effect.TIME,
        "kernel(202, 98, ctypes.byref(ctypes.c_int(0)), 128, 0, None, None, 0)",
    ),
    _attack("pause", Effect.TIME, "libc.pause()"),
    _attack("nanosleep", Effect.TIME, "libc.nanosleep(struct.pack('qq', 60, 0), None)"),
)

ATTACKS: Final[tuple[Attack, ...]] = (
    *_NAMES,
    *_CONTENTS,
    *_PROGRAMS,
    *_OTHERS,
    *_SOCKETS,
    *_KERNEL,
    *_ITSELF,
)
