"""Where a request or a setting comes from, by its address."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

LONGEST = 64
"""Characters of an address. A proxy may pass on what is none."""


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself, and nobody else reaches it there."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@lru_cache(maxsize=4096)
def counted_as(host: str) -> str:
    """What the requests from an address are counted under. Whoever has an IPv6 address has 2**64 of
    them, so that these are counted by their network."""
    if ":" in host:
        try:
            address = ip_address(host)
        except ValueError:
            return host[:LONGEST]
        if isinstance(address, IPv6Address):
            if address.ipv4_mapped is not None:
                return str(address.ipv4_mapped)
            return str(ip_network((int(address), 64), strict=False))
    return host[:LONGEST]


def is_network(text: str) -> bool:
    """Whether a text is an address, or a network of them as `10.0.0.0/8`."""
    try:
        ip_network(text)
    except ValueError:
        return False
    return True
