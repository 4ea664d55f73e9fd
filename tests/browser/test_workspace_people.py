"""The workspace's pages about registrants and messages in a real browser: axe, a phone's width, and no JavaScript."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from hubs.models import Role
from outbox.models import Message, SuppressionReason
from outbox.suppression import suppress
from registrations.models import Answer, Attendance, HubMessage, Recipients
from registrations.services import (
    Audience,
    Texts,
    invite,
    record_intention,
    register,
    send_message,
    switch_to_recording,
)
from registrations.services.colleagues import Colleague
from sessions_app.models import Question, Series
from tests.browser.conftest import SCREENS
from tests.browser.test_signed_in_pages import signed_in  # noqa: F401 - a fixture
from tests.factories import MembershipFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.browser
TOKEN = "0b6ae1a8-1c4c-4a0e-8b7e-8f9a8a2b1f00"


@pytest.fixture
def editor(programme):
    return MembershipFactory(hub=programme["first-words"].hub, role=Role.EDITOR)


@pytest.fixture
def series(programme, editor):
    """A series with a past session, and people in every state."""
    now, series = timezone.now(), programme["first-words"]
    past = SessionFactory(now=now, days=-7, series=series, title_en="The first one", title_fr="La première")
    Series.objects.filter(pk=series.pk).update(late_joining=True, capacity=8, audience=[])
    question = Question.objects.create(
        series=series, label_en="What brings you?", label_fr="Qu’est-ce qui vous amène ?"
    )
    names = ["Zoé Roy", "Bo Li", "Ana Côté-Desjardins", "Émile Gagnon", "Fay Lee", "Gil Roy"]
    people = [
        UserFactory(name=name, with_profile=True, language="fr" if n % 2 else "en") for n, name in enumerate(names)
    ]
    seats = [register(series, person, now=now - timedelta(days=8)) for person in people]
    people[0].profile.organization = "Hospice Saint-Joseph"
    people[0].profile.accessibility_needs = "Captions, please."
    people[0].profile.save()
    Answer.objects.create(registration=seats[0], question=question, value=["Cases about pain at home."])
    Attendance.objects.create(registration=seats[0], session=past, joined_at=now - timedelta(days=7))
    record_intention(seats[1], series.sessions.last(), is_coming=False, now=now)
    switch_to_recording(seats[2], now=now)
    invite(series, [Colleague("Hal", "hal@example.ca")], by=people[0], language="en", now=now)
    Series.objects.filter(pk=series.pk).update(capacity=6)
    series.waiting = register(series, UserFactory(name="Ivy Poirier", with_profile=True), now=now)
    texts = Texts("Please bring a case", "Hello,\n\nhttps://example.ca/cases", "Apportez un cas", "Bonjour")
    series.message = send_message(series, Audience(Recipients.EVERYONE), texts, by=editor.user, token=TOKEN, now=now)
    Message.objects.filter(message_type="hub-message").update(state="sent", settled_at=now)
    suppress(people[1].email, SuppressionReason.HARD_BOUNCE, now=now)
    series.seat = seats[0]
    return series


def addresses(series):
    pages = [
        ("registrants", []),
        ("registrant", [series.seat.pk]),
        ("registrants_attendance", []),
        ("registrants_print", []),
        ("registrants_add", []),
        ("registrant_promote", [series.waiting.pk]),
        ("registrant_move", [series.seat.pk]),
        ("registrant_cancel", [series.seat.pk]),
        ("messages", []),
        ("message", [series.message.pk]),
        ("message_new", []),
    ]
    return [reverse(f"workspace:{name}", args=[series.hub.slug, series.pk, *args]) for name, args in pages]


@pytest.mark.drill
@pytest.mark.parametrize(("width", "language"), SCREENS)
def test_every_page_about_people_passes_axe_and_fits_the_screen(signed_in, axe, editor, series, width, language):  # noqa: F811
    page = signed_in(editor.user, width, scheme="dark" if width == 1280 else "light")
    with translation.override(language):
        for address in addresses(series):
            page.goto(address)
            axe(page)
    page.fill("[name=subject_en]", "Bring a case")
    page.click("[name=step][value=preview]")
    axe(page)  # the form with its errors
    page.fill("[name=body_en]", "Hello,\n\nPlease bring a case.")
    page.check("[name=recipients][value=everyone]")
    page.click("[name=step][value=preview]")
    page.wait_for_selector("[name=step][value=send]")
    axe(page)


def test_everyone_on_the_page_is_selected_at_once(signed_in, editor, series):  # noqa: F811
    page = signed_in(editor.user, 1280)
    page.goto(addresses(series)[0])
    everyone, people = page.get_by_label("Select all on this page"), page.locator("[name=person]")
    everyone.focus()
    page.keyboard.press("Space")
    assert people.count() == page.locator("[name=person]:checked").count() > 2
    people.first.uncheck()
    assert everyone.evaluate("one => [one.checked, one.indeterminate]") == [False, True]
    people.first.check()
    assert everyone.is_checked()
    count = people.count()
    page.get_by_role("button", name="Write to the selected people").click()
    page.get_by_text(f"{count} people selected:").wait_for()


def test_writing_to_selected_people_works_without_javascript(signed_in, editor, series):  # noqa: F811
    page = signed_in(editor.user, 360, javascript=False)
    page.goto(addresses(series)[0])
    assert not page.get_by_text("Select all on this page").is_visible()
    for person in series.registrations.filter(user__name__in=["Zoé Roy", "Fay Lee"]):
        page.check(f"[name=person][value='{person.pk}']")
    page.get_by_role("button", name="Write to the selected people").click()
    page.fill("[name=subject_en]", "Bring a case")
    page.fill("[name=body_en]", "Please bring one.")
    page.get_by_role("button", name="Preview the message").click()
    page.get_by_role("button", name="Send to 2 people").click()
    assert page.get_by_text("Your message goes to 2 people.").is_visible()
    assert HubMessage.objects.latest("pk").recipients == Recipients.SELECTED
