"""Which addresses are this machine itself."""

from __future__ import annotations

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether an IP address, or `localhost`, is this machine itself. Raises `ValueError` for any other name."""
    return host == "localhost" or ipaddress.ip_address(host).is_loopback
