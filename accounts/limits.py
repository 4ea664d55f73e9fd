"""How often a person, an address or a network may do what sends email or guesses codes: RATE_LIMITS in the settings.

Everything is counted in the cache before it is allowed, atomically, so that parallel requests get no more than one after the
other would. There are five kinds of limits:

- *browser*: an address typed in a browser in which it was proven with a code before (accounts/known_browser.py). Only these
  limits hold there, so nobody who types the address elsewhere can lock its owner out, on the same network or on any other.
- *pair*: an address typed from one network. It comes before the address alone, so that a stranger who types my address again and
  again only uses up their own network's allowance for it.
- *key*: an address (or a person) over all networks. It stops someone who has many networks. It does not hold for a network
  from which the address was proven in the last PROVEN_FOR, and what such a network does is not counted there either.
- *ip*: a network, whatever it types. Wide, since a whole hospital may share one; guesses at an address that was proven from the
  network are not counted here.
- *addresses*: how many different addresses a network may type. It is the same for addresses with and without an account, so
  that it tells nobody which is which.

What a guesser can hope for: a code has six digits. A network gets 2,000 wrong guesses a day over all addresses, one in 500 to
get into any account at all; an address gets 100 a day from strangers, one in 10,000, and its owner sees up to 20 emails.

With the cache down everyone is let in (echo_portal.cache): better that than nobody. A code's tries are then still limited by
allauth, which counts them in the web session.
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
from accounts.known_browser import LASTS, browser_id

A_DAY = 86400
PROVEN_FOR = LASTS
IPV6_PREFIX = 64  # what one household or one server is given; within it an address costs nothing
PROVEN, TYPED = "proven", "typed"
EMAIL_REFUSED = _("We can’t send an email to this address right now. Wait ten minutes and try again, or contact us.")

Count = tuple[str, int, int]  # the name it is kept under, how many are allowed, in how many seconds


def network_of(request: HttpRequest) -> str:
    """Return the visitor's IP address, or the prefix of an IPv6 address, because one visitor has 2^64 of these."""
    address = ipaddress.ip_address(get_adapter().get_client_ip(request))
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, IPV6_PREFIX), strict=False))
    return str(address)


def within_limits(request: HttpRequest, act: str, key: str) -> bool:
    """Count one more `act` by `key` (a person) from this network. Returns whether it is within the limits."""
    return _within(_counts(act, "key", key) + _counts(act, "ip", network_of(request)))


def may_send_email(request: HttpRequest, address: str) -> bool:
    """Count one more email that a visitor causes by typing an address. Returns whether it may be sent.

    For every email that needs no proof that the address is the visitor's: codes, "no account", invitations.
    """
    browser = browser_id(request, address)
    if browser:
        return _within(_counts("send-email", "browser", browser))
    address, network = normalize_email(address), network_of(request)
    standing = cache.get(_standing(address, network))
    counts = _counts("send-email", "pair", f"{address}|{network}") + _counts("send-email", "ip", network)
    if standing is None:
        counts += _counts("send-email", "addresses", network)
    if not _within(counts):
        return False
    if standing is None:
        cache.set(_standing(address, network), TYPED, A_DAY)
    return standing == PROVEN or _within(_counts("send-email", "key", address))


def may_try_code(request: HttpRequest, address: str, attempt: str) -> bool:
    """Count one more guess at a code sent to `address`, before the guess is checked. Returns whether it may be checked.

    `attempt` names the code, so that parallel requests share its few tries.
    """
    counts, browser = _counts("try-code", "code", attempt), browser_id(request, address)
    if browser:
        return _within(counts + _counts("try-code", "browser", browser))
    address, network = normalize_email(address), network_of(request)
    counts += _counts("try-code", "pair", f"{address}|{network}")
    if cache.get(_standing(address, network)) == PROVEN:
        return _within(counts)  # what others on this network guess at must not keep its people out
    return _within(counts + _counts("try-code", "ip", network)) and _within(_counts("try-code", "key", address))


def code_was_right(request: HttpRequest, address: str) -> None:
    """Record that the visitor proved the address. The email and the try no longer count, and their network is known as
    one of its owner's."""
    address, network = normalize_email(address), network_of(request)
    browser = browser_id(request, address)
    if browser:
        counts = _counts("send-email", "browser", browser) + _counts("try-code", "browser", browser)
    else:
        pair = f"{address}|{network}"
        counts = _counts("send-email", "pair", pair) + _counts("try-code", "pair", pair)
    if not browser and cache.get(_standing(address, network)) != PROVEN:
        counts += _counts("send-email", "key", address) + _counts("try-code", "key", address)
        counts += _counts("try-code", "ip", network)
    cast("Any", cache).count_all([(name, seconds) for name, _most, seconds in counts], by=-1)
    cache.set(_standing(address, network), PROVEN, int(PROVEN_FOR.total_seconds()))


def _counts(act: str, scope: str, key: str) -> list[Count]:
    """Return the limits of an act for one address, person or network: none, one, or several windows of time."""
    limits = settings.RATE_LIMITS[act].get(scope, [])
    windows = [limits] if isinstance(limits, tuple) else limits
    return [(f"{act}:{scope}:{seconds}:{_hidden(key)}", most, seconds) for most, seconds in windows]


def _within(counts: list[Count]) -> bool:
    counted = cast("Any", cache).count_all([(name, seconds) for name, _most, seconds in counts])
    return all(number <= most for number, (_name, most, _seconds) in zip(counted, counts, strict=True))


def _standing(address: str, network: str) -> str:
    """Return the cache key for whether an address was typed, or proven, from a network."""
    return f"standing:{_hidden(f'{address}|{network}')}"


def _hidden(value: str) -> str:
    """Hash an address or IP, so that none is readable in the cache."""
    return salted_hmac("accounts.limits", value).hexdigest()[:20]
