"""Limit how fast email is sent: EMAIL_PER_SECOND over all workers together, for a provider's limit. 0 means no limit."""

import time
from typing import Any, cast

from django.conf import settings
from django.core.cache import cache


def wait() -> None:
    """Return when one more message may be sent. Workers count together in Redis, or each alone without it."""
    most = settings.EMAIL_PER_SECOND
    while most:
        second = int(time.time())
        (count,) = cast("Any", cache).count_all([(f"mail-in-second:{second}", 5)])
        if count == 0:  # no Redis
            time.sleep(1 / most)
            return
        if count <= most:
            return
        time.sleep(max(second + 1 - time.time(), 0.001))
