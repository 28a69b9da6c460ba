"""Which addresses a request may go to: every one that a name resolves to is checked, then the connection is pinned.

A name is resolved once, here, and the socket connects to the address that was checked. A second
answer of the name service, seconds later, therefore changes nothing (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Collection, Sequence
from urllib.parse import urlsplit

from assistant.errors import SourceError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], Sequence[str]]
"""The addresses of a name, as text, in the order in which they are to be tried."""

_EMBEDDED_IPV4 = (
    ("::ffff:0:0/96", 0),  # IPv4-mapped
    ("::/96", 0),  # IPv4-compatible
    ("64:ff9b::/96", 0),  # NAT64
    ("2002::/16", 80),  # 6to4: the 32 bits after the prefix
)
_NETWORKS = tuple((ipaddress.IPv6Network(network), shift) for network, shift in _EMBEDDED_IPV4)
_TEREDO = ipaddress.IPv6Network("2001::/32")
_CARRIER = ipaddress.IPv4Network("100.64.0.0/10")


def system_resolver(host: str, port: int) -> Sequence[str]:
    """What the operating system's resolver says, each address once."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Whether an address belongs to the public internet, whatever notation hides a private one in it.

    >>> is_public("93.184.216.34"), is_public("10.0.0.1"), is_public("::ffff:127.0.0.1"), is_public("2002:7f00:1::")
    (True, False, False, False)
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False  # a scope ("fe80::1%eth0") or nothing that we know
    if isinstance(found, ipaddress.IPv6Address):
        if found in _TEREDO:
            return False
        for network, shift in _NETWORKS:
            if found in network:
                return is_public(str(ipaddress.IPv4Address((int(found) >> shift) & 0xFFFFFFFF)))
    elif found in _CARRIER:
        return False
    return found.is_global and not found.is_multicast and not found.is_reserved


def _is_local_enough(address: str) -> bool:
    """What a named private host may resolve to: a private or loopback address, never a link-local one.

    Link-local holds the metadata services of the clouds (169.254.169.254, fe80::...).
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return is_public(address) or (
        found.is_private
        and not (found.is_link_local or found.is_unspecified or found.is_multicast or found.is_reserved)
    )


def checked_addresses(host: str, port: int, *, resolve: Resolver, private_hosts: Collection[str]) -> Sequence[str]:
    """The addresses of `host`, every one of them allowed.

    Raises:
        SourceError: the name does not resolve, or one of its addresses is not public and the host is not named in
            `private_hosts`.
    """
    bare = host.strip("[]").rstrip(".").lower()
    try:
        addresses = resolve(bare, port)
    except (OSError, UnicodeError) as error:
        raise SourceError(f"{host} cannot be resolved ({error}). Check the address and the network.") from error
    allowed = _is_local_enough if bare in private_hosts else is_public
    refused = [address for address in addresses if not allowed(address)]
    if refused or not addresses:
        raise SourceError(
            f"{host} resolves to {refused[0] if refused else 'nothing'}: expected an address on the public internet. "
            "If it is a machine of your own, name it in the settings: [sources] private_hosts.",
            retry=False,
        )
    return addresses


def refuse_odd_address(url: str) -> None:
    """Refuse what no source is addressed by.

    Raises:
        SourceError: another scheme than http and https, a user name or password inside, no host, or white space.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SourceError(f"Expected an address, found {shown(url)!r}: {error}.", retry=False) from error
    if parts.scheme not in ("http", "https"):
        raise SourceError(f"Expected an address with http or https, found {shown(url)!r}.", retry=False)
    if "@" in parts.netloc or "\\" in url or any(c.isspace() or ord(c) < 32 for c in url):
        raise SourceError(
            f"Expected an address without user name, password, backslash or white space, found {shown(url)!r}. "
            "Give a key by --token-env or --token-file.",
            retry=False,
        )
    if not parts.hostname or port == 0:
        raise SourceError(f"Expected an address with a host, found {shown(url)!r}.", retry=False)


def shown(url: str) -> str:
    """The address as messages may show it: no user, no password, no query, and not endless.

    >>> shown("https://ann:secret@help.example/a?token=1")
    'https://help.example/a'
    """
    bare = re.split(r"[?#]", url, maxsplit=1)[0]
    scheme, mark, rest = bare.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path}"[:200]
