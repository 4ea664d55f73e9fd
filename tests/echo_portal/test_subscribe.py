"""The tag that offers a calendar feed: a webcal link, Google, Outlook, and the whole address to copy."""

from urllib.parse import parse_qs, urlsplit

from django.template import Context, Template

FEED = "https://echo.example.ca/en/sessions/calendar.ics?a=1&b=2"


def shown(address=FEED, name="Palliative Care ECHO: my sessions"):
    page = Template("{% subscribe address name key='mine' %}").render(Context({"address": address, "name": name}))
    return page.replace("&amp;", "&")


def link(page, start):
    return next(part.split('"')[0] for part in page.split('href="')[1:] if part.startswith(start))


def test_it_offers_the_feed_to_calendar_apps_google_and_outlook():
    page = shown()
    assert link(page, "webcal:") == FEED.replace("https:", "webcal:")
    google = urlsplit(link(page, "https://calendar.google.com/"))
    assert parse_qs(google.query) == {"cid": [FEED.replace("https:", "webcal:")]}
    for host in ("outlook.live.com", "outlook.office.com"):
        outlook = urlsplit(link(page, f"https://{host}/"))
        assert parse_qs(outlook.query) == {"url": [FEED], "name": ["Palliative Care ECHO: my sessions"]}
        assert "+" not in outlook.query  # Outlook shows it as it stands


def test_the_whole_address_can_be_read_and_selected_without_a_script():
    page = shown(FEED * 4)
    assert f">{FEED * 4}</textarea>" in page
    assert f'rows="{-(-len(FEED * 4) // 30)}"' in page
    button = page.split("<button")[1].split(">")[0]
    assert button.endswith(" hidden")
    assert f'data-copy="{FEED * 4}"' in button


def test_an_odd_name_cannot_leave_its_attribute():
    assert "<b>" not in shown(name='"><b>')
