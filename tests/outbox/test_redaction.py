"""Staff who read sent email cannot act as the recipient: links that work without signing in are hidden."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import translation

from outbox.models import Message
from outbox.redaction import without_secret_links
from registrations.services import queue_due_reminders, register
from registrations.services.calendar import calendar_of
from tests.factories import SessionFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("language", ["en", "fr"])
def test_staff_see_no_working_link_in_a_confirmation_or_a_reminder(staff, now, smtp, language):
    from outbox import sending, services

    session = SessionFactory(now=now, days=1)
    person = UserFactory(with_profile=True, language=language)
    register(session.series, person, now=now - timedelta(hours=30))
    queue_due_reminders(now + timedelta(hours=1))
    with sending.Connection() as connection:
        services.drain_batch(connection, now + timedelta(hours=1))
    assert len(smtp.messages) == 2
    for message in Message.objects.all():
        sent = bytes(message.as_sent).decode()
        page = staff.get(reverse("admin:outbox_message_change", args=[message.pk])).content.decode()
        html = staff.get(f"/en/admin/outbox/message/{message.pk}/html/").content.decode()
        assert re.search(r"\d+-\d+:", sent)  # the email itself has working links
        for shown in (page, html):
            assert not re.search(r"\d+-\d+(:|%3A)[\w-]{20}", shown)
            assert "…/" in shown


def test_secret_links_are_hidden_and_other_links_are_not(now, open_series, provider):
    registration = register(open_series, provider, now=now)
    from registrations.emails import join_link, registration_link

    session = open_series.sessions.get()
    secret = calendar_of(provider, now=now).secret
    for language in ("en", "fr"):
        with translation.override(language):
            links = [
                join_link(registration, session),
                registration_link(registration),
                f"https://echo.example.ca{reverse('registrations:feed', args=[secret])}",
            ]
            for link in links:
                shown = without_secret_links(f"See {link}, please; <a href='{link}'>x</a> URL:{link}\\nNext")
                token = link.rstrip("/").rpartition("/")[2].removesuffix(".ics")
                assert token not in shown
                assert shown.count("…") == 3
                assert shown.endswith("\\nNext")
    plain = "https://echo.example.ca/en/sessions/talking-about-serious-illness-first-words/ and https://other.ca/x"
    assert without_secret_links(plain) == plain
