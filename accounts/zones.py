"""The time zones that the portal supports, with names and abbreviations, and the reader's own zone."""

from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

PROJECT_ZONE = "America/Toronto"
ZONE_COOKIE = "zone"

# IANA zone → (name in a list, abbreviation after a time). One row for each zone whose rules differ.
ZONES = {
    "America/St_Johns": (_("Newfoundland"), pgettext_lazy("zone", "NT")),
    "America/Halifax": (_("Atlantic"), pgettext_lazy("zone", "AT")),
    "America/Toronto": (_("Eastern"), pgettext_lazy("zone", "ET")),
    "America/Winnipeg": (_("Manitoba"), pgettext_lazy("zone", "Manitoba time")),
    "America/Rankin_Inlet": (_("Kivalliq (central Nunavut)"), pgettext_lazy("zone", "CT")),
    "America/Regina": (_("Saskatchewan"), pgettext_lazy("zone", "Saskatchewan time")),
    "America/Edmonton": (_("Alberta"), pgettext_lazy("zone", "Alberta time")),
    "America/Yellowknife": (_("Northwest Territories"), pgettext_lazy("zone", "NWT time")),
    "America/Vancouver": (_("British Columbia"), pgettext_lazy("zone", "B.C. time")),
    "America/Whitehorse": (_("Yukon"), pgettext_lazy("zone", "Yukon time")),
}

# Other IANA names that browsers in Canada report.
ALIASES = {
    "America/Montreal": "America/Toronto",
    "America/Nipigon": "America/Toronto",
    "America/Thunder_Bay": "America/Toronto",
    "America/Iqaluit": "America/Toronto",
    "America/Pangnirtung": "America/Toronto",
    "America/New_York": "America/Toronto",
    "America/Moncton": "America/Halifax",
    "America/Glace_Bay": "America/Halifax",
    "America/Goose_Bay": "America/Halifax",
    "America/Rainy_River": "America/Winnipeg",
    "America/Resolute": "America/Rankin_Inlet",
    "America/Chicago": "America/Rankin_Inlet",
    "America/Swift_Current": "America/Regina",
    "America/Inuvik": "America/Yellowknife",
    "America/Dawson": "America/Whitehorse",
}

ZONE_CHOICES = [(key, name) for key, (name, _short) in ZONES.items()]

PROVINCE_ZONES = {
    "AB": "America/Edmonton",
    "BC": "America/Vancouver",
    "MB": "America/Winnipeg",
    "NB": "America/Halifax",
    "NL": "America/St_Johns",
    "NT": "America/Yellowknife",
    "NS": "America/Halifax",
    "NU": "America/Toronto",
    "ON": "America/Toronto",
    "PE": "America/Halifax",
    "QC": "America/Toronto",
    "SK": "America/Regina",
    "YT": "America/Whitehorse",
}


def known_zone(name: str | None) -> str | None:
    """Return the supported zone for an IANA name or alias, or None."""
    name = ALIASES.get(name or "", name)
    return name if name in ZONES else None


def reader_zone(request: HttpRequest) -> ZoneInfo | None:
    """Return the reader's zone from their cookie, or None. portal.js, the time zone page or signing in sets it."""
    name = known_zone(request.COOKIES.get(ZONE_COOKIE))
    return ZoneInfo(name) if name else None


def zone_label(name: str) -> str:
    """Return the abbreviation shown after a time: "ET", "HE". For a zone that is not in ZONES, return its IANA name."""
    return str(ZONES[name][1]) if name in ZONES else name
