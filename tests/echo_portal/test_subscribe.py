"""The template tag for a calendar feed: a webcal link, Google, Outlook, and the address to copy."""

from urllib.parse import parse_qs, urlsplit

from django.template import Context, Template

FEED = "https://echo.example.ca/en/sessions/calendar.ics?a=1&b=2"


def render(address=FEED, name="Palliative Care ECHO: my sessions"):
    page = Template("{% subscribe address name key='mine' %}").render(Context({"address": address, "name": name}))
    return page.replace("&amp;", "&")


def link(page, start):
    return next(part.split('"')[0] for part in page.split('href="')[1:] if part.startswith(start))


def test_the_tag_links_to_calendar_apps_google_and_outlook():
    page = render()
    assert link(page, "webcal:") == FEED.replace("https:", "webcal:")
    google = urlsplit(link(page, "https://calendar.google.com/"))
    assert parse_qs(google.query) == {"cid": [FEED.replace("https:", "webcal:")]}
    for host in ("outlook.live.com", "outlook.office.com"):
        outlook = urlsplit(link(page, f"https://{host}/"))
        assert parse_qs(outlook.query) == {"url": [FEED], "name": ["Palliative Care ECHO: my sessions"]}
        assert "+" not in outlook.query  # Outlook would show the plus sign


def test_the_address_is_visible_and_can_be_selected_without_javascript():
    page = render(FEED * 4)
    assert f">{FEED * 4}</textarea>" in page
    assert f'rows="{-(-len(FEED * 4) // 30)}"' in page
    button = page.split("<button")[1].split(">")[0]
    assert button.endswith(" hidden")
    assert f'data-copy="{FEED * 4}"' in button


def test_a_name_with_markup_is_escaped():
    assert "<b>" not in render(name='"><b>')
