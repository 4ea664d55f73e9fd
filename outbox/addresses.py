"""Email addresses in the form that mail servers take."""

from django.utils.encoding import punycode


def ascii_domain(address: str) -> str:
    """`marie@hôpital.ca` → `marie@xn--hpital-ixa.ca` (RFC 5890). What cannot be converted is returned as it is."""
    local, at, domain = address.rpartition("@")
    try:
        return f"{local}{at}{punycode(domain)}"
    except UnicodeError:
        return address


def deliverable(address: str) -> str:
    """The address as it is given to a mail server. Raises UnicodeError if the server could not take it.

    An accent before the @ needs SMTPUTF8 (RFC 6531), which many servers along the way do not speak.
    """
    converted = ascii_domain(address)
    converted.encode("ascii")
    return converted
