"""How the program looks: the status chip, the same everywhere, and what to offer instead."""

from typing import Any
from urllib.parse import quote

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.links import absolute_url
from accounts.zones import reader_zone
from sessions_app import calendars, times
from sessions_app.listings import Listing, listings
from sessions_app.models import Series
from sessions_app.queries import for_list, offered
from sessions_app.status import Status

OFFERS = 3

register = template.Library()

# Each status is a word, a shape and a colour. The shapes are drawn in a box of 16.
SHAPES = {
    "open": '<circle cx="8" cy="8" r="6" fill="currentColor"/>',
    "few": '<path d="M8 2a6 6 0 1 0 0 12z" fill="currentColor"/><circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="1.6"/>',
    "opening-soon": '<circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="1.8"/>'
    '<path d="M8 4.6V8l2.4 1.6" fill="none" stroke="currentColor" stroke-width="1.6"/>',
    "waitlist": '<path d="M2 4h12M2 8h12M2 12h7" stroke="currentColor" stroke-width="2"/>',
    "full": '<rect x="3" y="3" width="10" height="10" rx="1.5" fill="currentColor"/>',
    "closed": '<rect x="3" y="3" width="10" height="10" rx="1.5" fill="none" stroke="currentColor" stroke-width="1.8"/>',
    "past": '<path d="m3 8.5 3.2 3.2L13 5" fill="none" stroke="currentColor" stroke-width="2"/>',
    "cancelled": '<path d="m4 4 8 8m0-8-8 8" stroke="currentColor" stroke-width="2"/>',
}
ICON = '<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">{}</svg>'
ICONS = {name: mark_safe(ICON.format(shape)) for name, shape in SHAPES.items()}


@register.simple_tag
def status_chip(listing: Listing) -> SafeString:
    """The registration status of a series, with the seats left when few and the opening date where known."""
    few = listing.few_left
    if few:
        return chip("few", ngettext("Open: %(n)s seat left", "Open: %(n)s seats left", few) % {"n": few})
    if listing.opens:
        return chip(listing.status, _("Opens %(date)s") % {"date": listing.opens})
    return chip(listing.status, str(Status(listing.status).label))


@register.simple_tag
def chip(name: str, words: str) -> SafeString:
    return format_html('<span class="status status--{}">{}{}</span>', name, ICONS[name], words)


@register.simple_tag(takes_context=True)
def similar_series(context: dict[str, Any], series: Series) -> list[Listing]:
    """Return the next series that are open to the same audience."""
    now = timezone.now()
    return listings(for_list(offered(series, now))[:OFFERS], now, reader_zone(context["request"]))


@register.simple_tag
def email_to_colleague(listing: Listing) -> str:
    """A `mailto:` address (RFC 6068) of an email, in the page's language, that tells a colleague about the series."""
    series = listing.series
    when = times.format_when(listing.lead.starts_at, listing.lead.ends_at, series.zone) if listing.lead else ""
    subject = _("Palliative care sessions: %(title)s") % {"title": series.title}
    lines = [
        _("This free online palliative care program may interest you:"),
        "",
        series.title,
        when,
        absolute_url(series),
    ]
    body = "\r\n".join(lines)
    return f"mailto:?subject={quote(subject)}&body={quote(body)}"


@register.simple_tag
def add_links(listing: Listing) -> list[tuple[str, str]]:
    """The calendars on the web that the next session can be put into by a link."""
    return calendars.add_links(listing.lead, listing.series) if listing.lead else []
