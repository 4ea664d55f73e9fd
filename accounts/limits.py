"""Rate limits for actions that send email or check codes. The numbers are in RATE_LIMITS in the settings.

Each request is counted in the cache, atomically, before it is allowed, so parallel requests cannot exceed a limit. There are
five kinds of limits:

- *browser*: an address entered in a browser in which it was proven with a code before (accounts/known_browser.py). Only this
  limit applies there, so nobody who enters the address elsewhere, on the same network or another one, can lock its owner out.
- *pair*: an address entered from one network. It is checked before the limit of the address, so a stranger who enters someone's
  address repeatedly only uses up what their own network may do with it.
- *key*: an address (or a person) across all networks. It stops attackers who have many networks. It does not apply to a network
  from which the address was proven within PROVEN_FOR, and requests from that network are not counted.
- *ip*: a network, for all addresses. It is generous, because a whole hospital may share one. Guesses at an address that was
  proven from the network are not counted.
- *addresses*: how many different addresses a network may enter. Addresses with and without an account count the same, so the
  limit does not reveal which addresses have one.

The chance of guessing a six-digit code: a network gets 2,000 wrong guesses a day over all addresses, a chance of 1 in 500 to get
into any account. An address gets 100 guesses a day from strangers, a chance of 1 in 10,000, and its owner gets up to 20 emails.

If the cache is down, nothing is limited here (echo_portal.cache). allauth still limits the tries for each code, which it counts
in the web session.
"""

import ipaddress
from typing import Any, cast

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.fields import normalize_email
from accounts.known_browser import LIFETIME, browser_id

A_DAY = 86400
PROVEN_FOR = LIFETIME
IPV6_PREFIX = 64  # one household or server gets a /64 and can use any address in it
PROVEN, TYPED = "proven", "typed"
EMAIL_REFUSED = _("We can’t send an email to this address right now. Wait ten minutes and try again, or contact us.")

Count = tuple[str, int, int]  # cache key, maximum, period in seconds


def network_of(request: HttpRequest) -> str:
    """Return the visitor's IPv4 address, or the /64 prefix of their IPv6 address, because one visitor has 2^64 addresses."""
    address = ipaddress.ip_address(get_adapter().get_client_ip(request))
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, IPV6_PREFIX), strict=False))
    return str(address)


def within_limits(request: HttpRequest, action: str, key: str) -> bool:
    """Count an `action` by `key` (a person) from this network. Returns whether it is within the limits."""
    return _within(_counts(action, "key", key) + _counts(action, "ip", network_of(request)))


def may_send_email(request: HttpRequest, address: str) -> bool:
    """Count an email that a visitor triggers by entering an address. Returns whether it may be sent.

    Use it for every email sent to an address that the visitor has not proven: codes, "no account", invitations.
    """
    browser = browser_id(request, address)
    if browser:
        return _within(_counts("send-email", "browser", browser))
    address, network = normalize_email(address), network_of(request)
    standing = cache.get(_standing_key(address, network))
    counts = _counts("send-email", "pair", f"{address}|{network}") + _counts("send-email", "ip", network)
    if standing is None:
        counts += _counts("send-email", "addresses", network)
    if not _within(counts):
        return False
    if standing is None:
        cache.set(_standing_key(address, network), TYPED, A_DAY)
    return standing == PROVEN or _within(_counts("send-email", "key", address))


def may_try_code(request: HttpRequest, address: str, attempt: str) -> bool:
    """Count a try of a code sent to `address`, before the code is checked. Returns whether it may be checked.

    `attempt` identifies the code, so that parallel requests share its maximum number of tries.
    """
    counts, browser = _counts("try-code", "code", attempt), browser_id(request, address)
    if browser:
        return _within(counts + _counts("try-code", "browser", browser))
    address, network = normalize_email(address), network_of(request)
    counts += _counts("try-code", "pair", f"{address}|{network}")
    if cache.get(_standing_key(address, network)) == PROVEN:
        return _within(counts)  # guesses by others on this network must not lock its people out
    return _within(counts + _counts("try-code", "ip", network)) and _within(_counts("try-code", "key", address))


def record_correct_code(request: HttpRequest, address: str) -> None:
    """Record that the visitor proved the address. The email and the try are no longer counted, and the network is
    remembered as one from which the address was proven."""
    address, network = normalize_email(address), network_of(request)
    browser = browser_id(request, address)
    if browser:
        counts = _counts("send-email", "browser", browser) + _counts("try-code", "browser", browser)
    else:
        pair = f"{address}|{network}"
        counts = _counts("send-email", "pair", pair) + _counts("try-code", "pair", pair)
    if not browser and cache.get(_standing_key(address, network)) != PROVEN:
        counts += _counts("send-email", "key", address) + _counts("try-code", "key", address)
        counts += _counts("try-code", "ip", network)
    cast("Any", cache).count_all([(name, seconds) for name, _maximum, seconds in counts], by=-1)
    cache.set(_standing_key(address, network), PROVEN, int(PROVEN_FOR.total_seconds()))


def _counts(action: str, scope: str, key: str) -> list[Count]:
    """Return the limits of an action for one address, person or network. There may be none, or several periods."""
    limits = settings.RATE_LIMITS[action].get(scope, [])
    periods = [limits] if isinstance(limits, tuple) else limits
    return [(f"{action}:{scope}:{seconds}:{_hash(key)}", maximum, seconds) for maximum, seconds in periods]


def _within(counts: list[Count]) -> bool:
    counted = cast("Any", cache).count_all([(name, seconds) for name, _maximum, seconds in counts])
    return all(number <= maximum for number, (_name, maximum, _seconds) in zip(counted, counts, strict=True))


def _standing_key(address: str, network: str) -> str:
    """Return the cache key that records whether an address was entered, or proven, from a network."""
    return f"standing:{_hash(f'{address}|{network}')}"


def _hash(value: str) -> str:
    """Return a keyed hash of an address or IP, so that the cache contains neither."""
    return salted_hmac("accounts.limits", value).hexdigest()[:20]
