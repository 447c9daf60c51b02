"""How often a fault of the infrastructure is met with another try, and after what pause."""

from __future__ import annotations

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0


class Patience:
    """So many tries in a row, each after twice the pause of the one before; what works gives all of them back."""

    def __init__(self, tries: int) -> None:
        self._tries = tries
        self._spent = 0

    def spend(self) -> float | None:
        """Seconds to wait before the next try, None when there is none left."""
        if self._spent >= self._tries:
            return None
        self._spent += 1
        return min(FIRST_PAUSE_SECONDS * 2.0 ** (self._spent - 1), LONGEST_PAUSE_SECONDS)

    def restore(self) -> None:
        """Something worked: the next fault is the first again."""
        self._spent = 0
