"""The workspace's URLs as the URL configuration has them, for tests that go through all of them."""

from django.urls import URLPattern, reverse
from django.utils.translation import override

from workspace.urls import urlpatterns


def patterns(found=urlpatterns, converters=()):
    """Yield (name, view, names of the converters) of each URL, also of included ones."""
    for pattern in found:
        own = (*converters, *pattern.pattern.converters)
        if isinstance(pattern, URLPattern):
            yield pattern.name, pattern.callback, own
        else:
            yield from patterns(pattern.url_patterns, own)


with override("en"):
    URLS = {name: (view, converters) for name, view, converters in patterns()}
HUB_URLS = sorted(set(URLS) - {"choose"})


def key_of(name, converter):
    """Return what a converter of a URL stands for: "pk" is an invitation or a member, by the URL's name."""
    if converter != "pk":
        return converter
    return "invitation" if name in ("team_resend", "team_revoke") else "membership"


def address(name, hub, objects):
    """Return the URL of a page of `hub` about `objects`, which are keys by "series", "session", "membership" and so on."""
    known = objects | {"slug": hub.slug}
    return reverse(f"workspace:{name}", kwargs={one: known[key_of(name, one)] for one in URLS[name][1]})
