"""What a reward may use while it is attacked with, and what its caller may."""

from __future__ import annotations

from typing import Final

from sandbox import Limits

CALL_SECONDS: Final = 0.4
START_SECONDS: Final = 1.5
SLACK_SECONDS: Final = 0.8
"""How much later than its deadline a caller may be on a busy machine."""
MIB: Final = 1 << 20
MEMORY_MIB: Final = 256
FORKED_MIB: Final = 512
"""What a forked caller may add to its address space, so that no attack hurts the machine."""
TRAINER_MIB: Final = 64
"""What a caller of the sandbox may grow by during one attack."""
LIMITS: Final = Limits(call_seconds=CALL_SECONDS, start_seconds=START_SECONDS, memory_mib=MEMORY_MIB)
