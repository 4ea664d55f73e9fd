"""Without the sender's postal address no bulk email is sent (Canada's anti-spam law, s. 6(2)(a); CRTC regulations, s. 2(1)(d))."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings as portal_settings

from newsletters.checks import check_postal_address
from newsletters.models import OpenedSeries
from newsletters.services import sending
from newsletters.services.checklist import blocking, check
from newsletters.services.news import news_time, queue_session_news
from newsletters.services.reminders import queue_session_reminders
from newsletters.services.sending import NotReadyError
from outbox.models import Message
from tests.factories import IssueFactory, SessionFactory, SubscriberFactory

pytestmark = pytest.mark.django_db
ADDRESS = "1550 Somewhere Street\nOttawa ON  K1A 0A1"
A_WEEK_BEFORE = datetime(2026, 11, 26, 14, tzinfo=UTC)  # the session that is ten days from `now`; nine in Toronto


@pytest.fixture
def no_address(settings):
    settings.POSTAL_ADDRESS = " \n"


@pytest.mark.usefixtures("no_address")
def test_an_issue_is_blocked_with_a_sentence_that_says_who_can_help(now):
    SubscriberFactory()
    issue = IssueFactory()
    (problem,) = blocking(check(issue, audience=1))
    assert (problem.code, problem.anchor) == ("no-postal-address", "")
    assert "The law requires the sender’s postal address" in problem.sentence
    assert "Ask the people who run the portal to set it (POSTAL_ADDRESS)." in problem.sentence
    with pytest.raises(NotReadyError):
        sending.start_sending(issue, by=None, now=now)
    assert not Message.objects.exists()


@pytest.mark.usefixtures("no_address")
def test_staff_read_it_where_they_write_and_where_they_send(client, editor):
    issue = IssueFactory()
    for page in ("change", "preview", "send"):
        content = client.get(f"/en/admin/newsletters/issue/{issue.pk}/{page}/").content.decode()
        assert "The law requires the sender’s postal address" in content
        assert 'href="#"' not in content


def test_session_news_waits_until_the_address_is_set(settings, now):
    SessionFactory(now=now)
    SubscriberFactory()
    tuesday = news_time(now)
    settings.POSTAL_ADDRESS = ""
    assert queue_session_news(tuesday) == 0
    assert OpenedSeries.objects.exists()  # so that it is news once the address is set
    settings.POSTAL_ADDRESS = ADDRESS
    assert queue_session_news(tuesday + timedelta(minutes=1)) == 1


def test_reminders_wait_until_the_address_is_set(settings, now):
    SessionFactory(now=now, days=10)
    SubscriberFactory()
    settings.POSTAL_ADDRESS = ""
    assert queue_session_reminders(A_WEEK_BEFORE) == 0
    settings.POSTAL_ADDRESS = ADDRESS
    assert queue_session_reminders(A_WEEK_BEFORE) == 1


@pytest.mark.usefixtures("no_address")
def test_the_check_of_a_deployment_says_it():
    assert "POSTAL_ADDRESS is empty, so no newsletter" in check_postal_address()[0].msg


def test_the_check_is_silent_with_an_address():
    assert check_postal_address() == []


def test_a_checkout_has_an_address_that_is_clearly_made_up():
    assert portal_settings.POSTAL_ADDRESS == "1 Example Street\nSampletown ON  A1A 1A1"
