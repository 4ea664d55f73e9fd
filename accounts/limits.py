"""How often one person, or one place, may do what sends mail or guesses codes: RATE_LIMITS in the settings.

Tight for a person or an address, wide for an IP, behind which a whole hospital may sit. allauth counts its own pages' tries by its
own limits; these are for ours, and cost one round trip.
"""

from typing import Any, cast

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.crypto import salted_hmac


def within_limits(request: HttpRequest, act: str, key: str) -> bool:
    """Count one more `act` by `key` (an address, a person) from this IP, and say whether that is still within the limits.

    With the cache down everyone is let in (echo_portal.cache): better that than nobody.
    """
    limits = settings.RATE_LIMITS[act]
    counts = [(f"{act}:key:{_hidden(key)}", *limits["key"])]
    if "ip" in limits:
        counts.append((f"{act}:ip:{_hidden(get_adapter().get_client_ip(request))}", *limits["ip"]))
    counted = cast("Any", cache).count_all([(name, seconds) for name, _most, seconds in counts])
    return all(number <= most for number, (_name, most, _seconds) in zip(counted, counts, strict=True))


def _hidden(value: str) -> str:
    """No address and no IP stands in the cache."""
    return salted_hmac("accounts.limits", value).hexdigest()[:20]
