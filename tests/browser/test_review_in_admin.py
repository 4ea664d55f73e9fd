"""The pages on which staff review listings: readable at phone width, and without anything that axe finds."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from sessions_app.editing.data import read
from sessions_app.editing.review import submit
from sessions_app.editing.saving import save_listing
from sessions_app.models import ChangeRequest, Series
from tests.factories import MembershipFactory, SeriesFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.browser


@pytest.fixture
def series(programme):
    now, editor = timezone.now(), MembershipFactory(hub=programme["first-words"].hub).user
    series, data = programme["first-words"], read(programme["first-words"])
    later = {
        "starts_at": data.sessions[0].starts_at + timedelta(days=1),
        "ends_at": data.sessions[0].ends_at + timedelta(days=1),
    }
    changed = replace(
        data.with_values(capacity=12, credits_en="1 hour of Mainpro+ credits."),
        sessions=[replace(data.sessions[0], **later)],
    )
    save_listing(series, changed, revision=0, by=editor, now=now)
    Series.objects.filter(pk=series.pk).update(capacity=9)
    draft = SeriesFactory(hub=series.hub, publication="draft")
    SessionFactory(now=now, series=draft)
    submit(draft, comment="The dates are final.\nThe second speaker is not.", by=editor, now=now)
    return draft


@pytest.mark.drill
def test_staff_review_listings_on_a_phone_and_on_a_desk(open_page, axe, series, live_server):
    client = Client()
    client.force_login(UserFactory(is_staff=True, is_superuser=True, name="Camille Roy"))
    for width, language in ((1280, "en"), (360, "fr")):
        page = open_page(width)
        page.context.add_cookies(
            [
                {
                    "name": settings.SESSION_COOKIE_NAME,
                    "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
                    "url": live_server.url,
                }
            ]
        )
        page.goto(f"/{language}/admin/")
        axe(page)
        page.goto(f"/{language}/admin/sessions_app/changerequest/{ChangeRequest.objects.get().pk}/change/")
        axe(page)
        page.goto(f"/{language}/admin/sessions_app/series/{series.pk}/change/")
        assert page.locator(".review").evaluate("box => box.scrollWidth <= box.clientWidth")
