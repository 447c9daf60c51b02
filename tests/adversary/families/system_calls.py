"""Direct system calls."""

from __future__ import annotations

from typing import Final

from tests.adversary.attack import Attack, Effect, Family, reward

ATTACKS: Final[tuple[Attack, ...]] = (
    Attack(
        "trial: read",
        Family.SYSTEM_CALLS,
        reward("total = np.array([float(ord(c)) for c in open('$FOLDER/secret').read(8)])", "return total, {'x': x}"),
        Effect.LEAK,
    ),
    Attack(
        "trial: fork",
        Family.SYSTEM_CALLS,
        reward("import os", "if os.fork() == 0:", "    while True: pass"),
        Effect.PROCESS,
    ),
    Attack(
        "trial: connect",
        Family.SYSTEM_CALLS,
        reward("import socket", "socket.create_connection(('127.0.0.1', $PORT))"),
        Effect.NETWORK,
    ),
    Attack("trial: stop", Family.SYSTEM_CALLS, reward("import os", "os.kill($BYSTANDER, 19)"), Effect.PROCESS),
    Attack("trial: loop", Family.SYSTEM_CALLS, reward("while True: pass"), Effect.TIME),
    Attack("trial: die", Family.SYSTEM_CALLS, reward("import os", "os._exit(0)"), Effect.CALLER),
    Attack("trial: memory", Family.SYSTEM_CALLS, reward("y = np.ones(10**8)"), Effect.MEMORY),
)
