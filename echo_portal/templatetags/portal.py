"""Template tags and filters that every template can use without `{% load %}`."""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django import template
from django.forms.utils import flatatt
from django.template.loader import render_to_string
from django.urls import translate_url
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import normalize_newlines
from django.utils.translation import get_language

from accounts.languages import Text, current_language
from accounts.links import absolute_url, local_path
from echo_portal.account.menu import account_part
from echo_portal.page_cache import PUBLIC_PAGES
from sessions_app import calendars, times

# How many characters of a URL fit on one line of its field on the narrowest screen.
ADDRESS_LINE = 30

register = template.Library()


@register.simple_tag
def bilingual(text: str) -> SafeString | str:
    """Return a bilingual text, in a `<span lang>` if its language differs from the page's (WCAG 3.1.2)."""
    if isinstance(text, Text) and text and text.lang != get_language():
        return format_html('<span lang="{}">{}</span>', text.lang, str(text))
    return conditional_escape(str(text))


@register.filter
def lang_of(text: str) -> SafeString | str:
    """Return ` lang="fr"` (or "en") if the text is not in the page's language, otherwise an empty string."""
    if isinstance(text, Text) and text and text.lang != get_language():
        return format_html(' lang="{}"', text.lang)
    return ""


@register.filter
def paragraphs(text: str) -> list[str]:
    """Split a text at empty lines."""
    return [part.strip() for part in normalize_newlines(text).split("\n\n") if part.strip()]


@register.simple_tag(takes_context=True)
def other_language_url(context: dict[str, Any], language: str) -> str:
    """Return this page's URL in the other language, with the query string. `next` in it is translated too.

    A view that needs another slug in the other language passes the URL as `elsewhere`.
    """
    if context.get("elsewhere"):
        return context["elsewhere"]
    path, query = context["request"].path, context["request"].GET.copy()
    if target := local_path(query.get("next", "")):
        query["next"] = translate_url(target, language)
    path += f"?{query.urlencode()}" if query else ""
    translated = translate_url(path, language)
    if translated != path:
        return translated
    return f"/{language}/{path[4:]}" if path[:4] in ("/en/", "/fr/") else f"/{language}/"


@register.simple_tag(takes_context=True)
def site_account(context: dict[str, Any]) -> SafeString:
    """Render the account menu on personal pages. On public pages render a link that is the same for everyone, which
    portal.js replaces with the menu."""
    request = context["request"]
    match = request.resolver_match
    is_public = match and match.view_name in PUBLIC_PAGES
    if not is_public and getattr(request, "session", None) and request.session.accessed:
        return account_part(request)
    return render_to_string("parts/account.html", {"person": None, "is_signed_out": False})


@register.filter
def ordinal(number: int) -> str:
    """Return "1st", "2nd", "3rd"; in French "1re", "2e" (feminine, for "place")."""
    if current_language() == "fr":
        return f"{number}re" if number == 1 else f"{number}e"
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}th" if 10 < number % 100 < 14 else f"{number}{ending}"  # noqa: PLR2004 - 11th, 12th, 13th


@register.filter
def wrap_at_sign(email: str) -> SafeString | str:
    """Let a long email address continue on the next line after its "@", rather than in the middle of a word."""
    local, at, domain = str(email).partition("@")
    return format_html("{}@<wbr>{}", local, domain) if at else email


@register.filter
def website_name(url: str) -> str:
    """Return the host of a web address, such as "example.ca"."""
    return (urlsplit(url).hostname or url).removeprefix("www.")


BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS": "Mac",
    "Linux": "Linux",
}


@register.filter
def browser_name(user_agent: str) -> str:
    """Return the browser and system, such as "Firefox, Windows", or the whole user agent if both are unknown."""
    found = [next((name for word, name in names.items() if word in user_agent), "") for names in (BROWSERS, SYSTEMS)]
    return ", ".join(filter(None, found)) or user_agent


@register.filter
def format_weekday(moment: datetime, zone: ZoneInfo) -> str:
    """Return "Thursday, November 26", for use where the year is clear."""
    return times.format_date(moment, zone, year=False)


@register.simple_tag
def format_times(start: datetime, end: datetime, zone: ZoneInfo) -> SafeString:
    return times.unbroken(times.format_times(start, end, zone))


@register.simple_tag
def readers_times_text(start: datetime, end: datetime, zone: ZoneInfo, reader: ZoneInfo | None) -> SafeString:
    return times.unbroken(times.readers_times_text(start, end, zone, reader))


register.simple_tag(times.readers_moment_text)
register.filter("format_day", times.format_date)
for function in (
    times.format_clock,
    times.format_moment,
    times.format_month_short,
    times.format_reminders,
    times.format_weekday_short,
    absolute_url,
):
    register.filter(function)


@register.inclusion_tag("parts/subscribe.html")
def subscribe(address: str, name: str, key: str = "feed") -> dict[str, Any]:
    """Render the links to subscribe to the calendar feed at `address` (https): `webcal:`, Google, Outlook, and the URL
    to copy.

    `name` is the calendar's name in Outlook. `key` is the id of the field, unique on the page.
    """
    return {
        "address": address,
        "webcal": calendars.webcal(address),
        "online": calendars.subscribe_links(address, name),
        "key": key,
        "rows": -(-len(address) // ADDRESS_LINE),
    }


@register.simple_tag
def select_options(optgroups: list[tuple[str | None, list[dict[str, Any]], int]]) -> SafeString:
    """Return the `<option>` elements for our own `django/forms/widgets/select.html`.

    Django's template includes two others for each option, which took half of the registration form's rendering time.
    """
    html = ""
    for group, options, _index in optgroups:
        tags = "".join(map(_option, options))
        html += f'<optgroup label="{conditional_escape(group)}">{tags}</optgroup>' if group else tags
    return mark_safe(html)


def _option(option: dict[str, Any]) -> str:
    attrs = flatatt(option["attrs"]) if option["attrs"] else ""
    return (
        f'<option value="{conditional_escape(option["value"])}"{attrs}>{conditional_escape(option["label"])}</option>'
    )
