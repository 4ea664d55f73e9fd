"""A hub's sessions on its own site: the page for a frame, the script and the JSON. They are the same for everyone."""

import pytest
import time_machine
from django.urls import NoReverseMatch, URLPattern, get_resolver, reverse

from tests.factories import HubFactory, MembershipFactory, SeriesFactory, SessionFactory

pytestmark = pytest.mark.django_db
CSP = "Content-Security-Policy"
FRAME, JSON = "/embed/hubs/north/", "/api/hubs/north/sessions.json"


@pytest.fixture(autouse=True)
def _clock(now):
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def hub():
    return HubFactory(slug="north", name_en="Northern hub", name_fr="Pôle du Nord")


@pytest.fixture
def series(hub, now):
    """Of the hub: an open series of two sessions, and one of each kind that nobody may see here."""
    for title, fields in {
        "Draft": {"publication": "draft"},
        "Secret": {"is_unlisted": True},
        "Gone": {"is_concluded": True},
    }.items():
        SessionFactory(now=now, series=SeriesFactory(title_en=title, hub=hub, **fields))
    SessionFactory(now=now, series=SeriesFactory(title_en="Elsewhere"))
    first = SessionFactory(now=now, days=3, hub=hub, title_fr="Première", capacity=50)
    series = first.series
    series.slug, series.slug_fr, series.title_en, series.title_fr = "pain", "douleur", "Pain", "La douleur"
    series.save()
    SessionFactory(now=now, days=10, series=series, delivery="cancelled")
    return series


def test_the_frame_lists_what_is_open_to_all(client, series, django_assert_num_queries):
    with django_assert_num_queries(3):
        page = client.get(f"{FRAME}?lang=en").content.decode()
    assert "Upcoming sessions: Northern hub" in page
    for hidden in ("Draft", "Secret", "Gone", "Elsewhere"):
        assert hidden not in page
    for address in ("/en/sessions/pain/", "/en/registration/pain/", "/en/hubs/north/"):
        assert f'href="{address}"' in page
    assert page.count("<a") == page.count('target="_blank"') == page.count('rel="noopener"') == 3


def test_only_the_frame_may_be_framed_and_it_sets_no_cookie(client, series):
    response = client.get(f"{FRAME}?lang=en")
    assert "frame-ancestors *;" in f"{response[CSP]};"
    assert "script-src 'self'" in response[CSP]
    assert "X-Frame-Options" not in response
    assert not response.cookies


def every_url():
    """Yield the name and an address of each page outside the admin, with `north` and the like for what varies."""

    def walk(patterns, namespace="", outer=None):
        for pattern in patterns:
            converters = (outer or {}) | pattern.pattern.converters
            if isinstance(pattern, URLPattern):
                yield f"{namespace}{pattern.name}", converters
            elif getattr(pattern, "namespace", None) != "admin":
                inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
                yield from walk(pattern.url_patterns, inner, converters)

    values = {"SlugConverter": "north", "IntConverter": 1, "StringConverter": "x", "PathConverter": "x"}
    for name, converters in walk(get_resolver().url_patterns):
        kwargs = {key: values.get(type(converter).__name__) for key, converter in converters.items()}
        try:
            yield name, reverse(name, kwargs=kwargs)
        except NoReverseMatch:
            assert name.endswith("None") or "x" in kwargs.values() or None in kwargs.values(), name


@pytest.mark.drill
def test_no_other_address_may_be_framed(client, hub):
    """Asked as a coordinator of the hub, for each address of the URL configuration."""
    SeriesFactory(slug="north")
    client.force_login(MembershipFactory(hub=hub).user)
    addresses = dict(every_url())
    assert len(addresses) > 60
    framed = set()
    for name, address in addresses.items():
        response = client.get(f"{address}?lang=en")
        is_page = response.status_code == 200 and response["Content-Type"].startswith("text/html")
        refuses = response.get("X-Frame-Options") == "DENY" and "frame-ancestors 'none'" in response[CSP]
        if is_page and not refuses:
            framed.add(name)
    assert framed == {"embed:hub"}


@pytest.mark.parametrize("address", [FRAME, JSON])
@pytest.mark.parametrize(
    ("accepted", "language"), [("fr-CA,fr;q=0.9", "fr"), ("en-CA", "en"), ("de", "en"), ("", "en")]
)
def test_without_a_language_the_browsers_is_used(client, series, address, accepted, language):
    response = client.get(f"{address}?lang=xx", headers={"accept-language": accepted})
    assert (response.status_code, response["Location"]) == (302, f"{address}?lang={language}")
    assert "Accept-Language" in response["Vary"]
    assert not response.cookies


def test_each_language_has_its_own_page_whatever_the_browser_asks_for(client, series):
    for language, words in {"fr": "Séances à venir : Pôle du Nord", "en": "Upcoming sessions: Northern hub"}.items():
        for accepted in ("en", "fr"):
            response = client.get(f"{FRAME}?lang={language}", headers={"accept-language": accepted})
            assert words in response.content.decode().replace("\u00a0", " ")
            assert response["Content-Language"] == language
            assert f'<html lang="{language}-CA">' in response.content.decode()


def test_the_frame_of_a_hub_that_is_gone_says_so(client, hub):
    hub.is_listed = False
    hub.save()
    for slug in ("north", "nowhere"):
        response = client.get(f"/embed/hubs/{slug}/?lang=fr")
        assert response.status_code == 404
        assert "Cette liste n’est plus disponible" in response.content.decode()
        assert "X-Frame-Options" not in response


def test_a_hub_without_sessions_says_so(client, hub):
    assert "This hub has no upcoming sessions." in client.get(f"{FRAME}?lang=en").content.decode()


def test_the_script_has_an_address_that_stays(client):
    response = client.get("/embed/embed.js")
    assert (response.status_code, response["Location"]) == (302, "/static/js/embed.js")
    assert response["Cache-Control"] == "public, max-age=3600"


def test_the_json_has_the_same_sessions_for_scripts_of_any_site(client, series, now, django_assert_num_queries):
    with django_assert_num_queries(3):
        response = client.get(f"{JSON}?lang=fr")
    assert response["Access-Control-Allow-Origin"] == "*"
    assert not response.cookies
    body = response.json()
    assert body["hub"] == {"name": "Pôle du Nord", "url": "http://127.0.0.1:8000/fr/poles/north/"}
    assert body["language"] == "fr"
    [found] = body["series"]
    first, second = found.pop("sessions")
    assert found == {
        "title": "La douleur",
        "url": "http://127.0.0.1:8000/fr/seances/douleur/",
        "register_url": "http://127.0.0.1:8000/fr/inscription/douleur/",
        "language": "en",
        "status": "open",
        "status_text": "Ouverte",
    }
    assert first == {
        "title": "Première",
        "starts_at": "2026-11-26T15:00:00Z",
        "ends_at": "2026-11-26T16:00:00Z",
        "time_zone": "America/Toronto",
        "delivery": "scheduled",
    }
    assert second["delivery"] == "cancelled"


def test_the_json_says_when_registering_is_not_possible(client, hub, now):
    SessionFactory(now=now, hub=hub, is_closed=True)
    [found] = client.get(f"{JSON}?lang=en").json()["series"]
    assert (found["status"], found["register_url"]) == ("closed", None)


def test_the_json_of_a_hub_that_is_not_listed_is_a_404(client, hub):
    hub.is_listed = False
    hub.save()
    assert client.get(f"{JSON}?lang=en").status_code == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("address", [f"{FRAME}?lang=en", f"{JSON}?lang=en"])
def test_both_are_cached_until_something_changes(client, series, address, django_assert_num_queries):
    first = client.get(address)
    with django_assert_num_queries(0):
        again = client.get(address, headers={"if-none-match": first["ETag"]})
    assert again.status_code == 304
    assert again.get("Access-Control-Allow-Origin") == first.get("Access-Control-Allow-Origin")
    series.title_en = "Renamed"
    series.save()
    assert "Renamed" in client.get(address).content.decode()


@pytest.mark.parametrize("address", [FRAME, JSON, "/embed/embed.js"])
def test_nothing_can_be_posted(client, hub, address):
    assert client.post(address).status_code == 405
