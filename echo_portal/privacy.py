"""The facts on the privacy page. Each period comes from the code or setting that applies it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

import accounts.limits
import accounts.services
import hubs.services.interest
import hubs.services.team
import newsletters.services.opening
import newsletters.services.subscriptions
import outbox.services
import outbox.suppression
import registrations.services.colleagues
from accounts import known_browser
from accounts.zones import ZONE_COOKIE
from echo_portal.middleware import A_YEAR, KNOWN_COOKIE
from sessions_app.times import format_date

# The date shown as the last update of the page. Change it whenever the meaning of the text changes.
UPDATED = datetime(2026, 11, 26, 12, tzinfo=ZoneInfo(settings.TIME_ZONE))

# The deletion tasks run at least this often, so data may be kept this much longer. Periods are rounded up to days.
DELETED_EVERY = timedelta(hours=1)
# The longest period in RATE_LIMITS.
ABUSE_COUNTS_KEPT_FOR = timedelta(days=1)


@dataclass(frozen=True)
class Cookie:
    name: str
    purpose: str
    lifetime: str


def facts() -> dict[str, Any]:
    """Return the template's context, in the active language."""
    return {
        "updated": format_date(UPDATED, ZoneInfo(settings.TIME_ZONE), weekday=False),
        "officer": settings.PRIVACY_OFFICER,
        "officer_email": settings.PRIVACY_EMAIL,
        "unconfirmed": in_days(accounts.services.UNPROVEN_KEPT_FOR),
        "invitation_hours": registrations.services.colleagues.HELD_FOR // timedelta(hours=1),
        "colleagues": in_days(registrations.services.colleagues.FORGOTTEN_AFTER + DELETED_EVERY),
        "team_invitations": in_days(hubs.services.team.KEPT_FOR + DELETED_EVERY),
        "interests": in_days(hubs.services.interest.KEPT_FOR + DELETED_EVERY),
        "opening_notices": in_days(newsletters.services.opening.KEPT_FOR + DELETED_EVERY),
        "sign_in": in_days(timedelta(seconds=settings.SESSION_COOKIE_AGE)),
        "sign_in_traces": in_days(DELETED_EVERY),
        "email_copies": in_days(outbox.services.BODIES_KEPT_FOR),
        "abuse_counts": in_days(ABUSE_COUNTS_KEPT_FOR),
        "known_network": in_days(accounts.limits.PROVEN_FOR),
        "subscription_requests": in_days(newsletters.services.subscriptions.REQUESTS_KEPT_FOR + DELETED_EVERY),
        "former_links": in_days(newsletters.services.subscriptions.FORMER_TOKENS_KEPT_FOR + DELETED_EVERY),
        "soft_bounces": in_days(outbox.suppression.SOFT_WITHIN + timedelta(days=1)),
        "left_subscribers": in_days(newsletters.services.subscriptions.LEFT_KEPT_FOR + DELETED_EVERY),
        "cookies": cookies(),
    }


def cookies() -> list[Cookie]:
    """Return every cookie that the portal sets, with its name in the browser."""
    return [
        Cookie(
            settings.SESSION_COOKIE_NAME,
            _("Keeps you signed in. Before that, it keeps what you typed while you wait for your code."),
            in_days(timedelta(seconds=settings.SESSION_COOKIE_AGE)),
        ),
        Cookie(
            settings.CSRF_COOKIE_NAME,
            _("Protects our forms from misuse by other websites."),
            in_days(timedelta(seconds=settings.CSRF_COOKIE_AGE)),
        ),
        Cookie(
            ZONE_COOKIE,
            _("Remembers your time zone, so that we can show times in it."),
            in_days(timedelta(seconds=A_YEAR)),
        ),
        Cookie(
            KNOWN_COOKIE,
            _(
                "Remembers that someone signed in on this device, so that our pages can show your menu. It says nothing else."
            ),
            in_days(timedelta(seconds=A_YEAR)),
        ),
        Cookie(
            known_browser.COOKIE,
            _(
                "Remembers that you confirmed your email address on this device, so that nobody can lock you out by"
                " entering it too often. It doesn’t show the address."
            ),
            in_days(known_browser.LIFETIME),
        ),
        Cookie(
            CookieStorage.cookie_name,
            _("Shows a confirmation on the next page. It is deleted once you have seen it."),
            _("until you close your browser"),
        ),
    ]


def in_days(period: timedelta) -> str:
    """Return a period in days, rounded up, so that data is never kept longer than the page says."""
    days = -(-period // timedelta(days=1))
    return ngettext("%(n)s day", "%(n)s days", days) % {"n": days}
