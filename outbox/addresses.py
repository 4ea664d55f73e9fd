"""Email addresses in the form that mail servers accept."""

from django.utils.encoding import punycode


def ascii_domain(address: str) -> str:
    """Return the address with its domain in ASCII: `marie@hôpital.ca` → `marie@xn--hpital-ixa.ca` (RFC 5890). An
    address that cannot be converted is returned unchanged."""
    if address.isascii():
        return address
    local, at, domain = address.rpartition("@")
    try:
        return f"{local}{at}{punycode(domain)}"
    except UnicodeError:
        return address


def deliverable(address: str) -> str:
    """Return the address as it is given to a mail server. Raises UnicodeError if no server could accept it.

    An accent before the @ needs SMTPUTF8 (RFC 6531), which many servers do not support.
    """
    converted = ascii_domain(address)
    converted.encode("ascii")
    return converted


def spellings(address: str) -> set[str]:
    """Return the ways in which an address may be stored: with the accents of its domain, and in ASCII."""
    address = ascii_domain(address.strip().lower())
    local, at, domain = address.rpartition("@")
    try:
        return {address, f"{local}{at}{domain.encode().decode('idna')}"}
    except UnicodeError:
        return {address}
