"""One mail address, exactly: what cannot be read in one way only is refused (recipient smuggling)."""

import re

_LOCAL = re.compile(r"[A-Za-z0-9#$&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9#$&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_LONGEST_LOCAL, _LONGEST = 64, 254  # octets: RFC 5321 sections 4.5.3.1.1 and 4.5.3.1.3


class BadAddress(ValueError):
    """Not exactly one plain mail address."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text[:80]!r} is not one plain mail address.")


def parse_address(text: str) -> str:
    """The address in `text`, which must be that address and nothing else. Raises `BadAddress`.

    Taken are plain ASCII addresses (`local@domain.tld`). Display names, comments, quoted local parts, several
    addresses, address literals and the routing characters `%` and `!` are refused. A domain in another script is
    shown in its ASCII form (`xn--…`), so that a look-alike cannot pass for the real one.
    """
    local, at, domain = text.partition("@")
    if not at or len(text) > _LONGEST or len(local) > _LONGEST_LOCAL or not _LOCAL.fullmatch(local):
        raise BadAddress(text)
    if not domain.isascii():
        domain = _ascii_domain(domain, text)
    labels = domain.split(".")
    if len(labels) < 2 or not all(map(_LABEL.fullmatch, labels)) or labels[-1].isdigit():
        raise BadAddress(text)
    if len(local) + 1 + len(domain) > _LONGEST:
        raise BadAddress(text)
    return f"{local}@{domain}"


def _ascii_domain(domain: str, text: str) -> str:
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise BadAddress(text) from error


def domain_of(address: str) -> str:
    """The domain of an address that `parse_address` accepted, in lower case."""
    return address.rpartition("@")[2].lower()
