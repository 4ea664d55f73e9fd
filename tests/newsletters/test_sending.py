"""Sending an issue: a frozen audience, one email each, and nobody who left meanwhile."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from newsletters.cleaning import one_line
from newsletters.models import Issue, IssueRendering, IssueState, Subscriber
from newsletters.services import sending
from outbox.models import Message
from registrations.services import cancel, register
from tests.factories import HubFactory, IssueFactory, SessionFactory, SubscriberFactory, UserFactory

pytestmark = pytest.mark.django_db
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def staff():
    return UserFactory(is_staff=True)


def addresses(queryset):
    return sorted(queryset.values_list("email", flat=True))


def states(issue):
    return Counter(Message.objects.filter(bulk_send=issue.bulk_send).values_list("state", flat=True))


def test_each_subscriber_gets_the_issue_once_in_their_language(now, staff, drain):
    english, french = SubscriberFactory(), SubscriberFactory(language="fr", email="marie@hôpital.ca")
    issue = sending.start_sending(IssueFactory(title_fr="Numéro d’été"), by=staff, now=now)
    assert (issue.state, issue.published_at, issue.bulk_send.audience) == ("sending", now, 2)
    sent = {email.to[0]: email for email in drain(now)}
    assert drain(now) == []
    assert set(sent) == {english.email, "marie@xn--hpital-ixa.ca"}
    email = sent["marie@xn--hpital-ixa.ca"]
    assert email.subject == "Numéro d’été"
    assert f"/fr/bulletin/desabonnement/{french.token}/?issue={issue.pk}" in email.extra_headers["List-Unsubscribe"]
    assert french.token in email.body
    assert english.token not in email.body
    assert not Message.objects.exclude(as_sent=None).exists()  # there would be a hundred thousand copies


def test_an_issue_is_finished_once_everyone_in_its_audience_has_a_result(now, staff, drain):
    SubscriberFactory.create_batch(3)
    issue = sending.start_sending(IssueFactory(), by=staff, now=now)
    sending.finish_issues(now)
    issue.refresh_from_db()
    assert issue.state == IssueState.SENDING
    drain(now)
    sending.finish_issues(now + MINUTE)
    sending.finish_issues(now + HOUR)
    issue.refresh_from_db()
    assert (issue.state, issue.finished_at, issue.bulk_send.state) == ("sent", now + MINUTE, "finished")


def test_an_issue_whose_emails_do_not_add_up_to_its_audience_is_not_called_sent(now, staff, drain, caplog):
    SubscriberFactory.create_batch(3)
    issue = sending.start_sending(IssueFactory(), by=staff, now=now)
    drain(now)
    Message.objects.filter(bulk_send=issue.bulk_send)[:1].get().delete()
    assert sending.finish(issue, now=now) is False
    assert "has 2 messages for an audience of 3" in caplog.text
    issue.refresh_from_db()
    assert issue.state == IssueState.SENDING


def test_starting_twice_sends_once(now, staff, drain):
    SubscriberFactory()
    issue = IssueFactory()
    sending.start_sending(issue, by=staff, now=now)
    sending.start_sending(issue, by=staff, now=now)
    assert len(drain(now)) == 1
    assert Issue.objects.get().bulk_send.audience == 1


def test_an_issue_for_nobody_is_not_started(now, staff):
    issue = IssueFactory(audience_provinces=["YT"])
    SubscriberFactory(province="ON")
    with pytest.raises(sending.NotReadyError):
        sending.start_sending(issue, by=staff, now=now)
    issue.refresh_from_db()
    assert (issue.state, issue.bulk_send) == ("draft", None)
    assert not IssueRendering.objects.exists()


def test_someone_who_subscribes_during_the_sending_does_not_get_it(now, staff, drain):
    first = SubscriberFactory()
    sending.start_sending(IssueFactory(), by=staff, now=now)
    SubscriberFactory()
    assert [email.to for email in drain(now)] == [[first.email]]


@pytest.mark.parametrize(
    "change",
    [
        {"unsubscribed_at": "now"},
        {"paused_until": "later"},
        {"topics": ["session-news"]},
        None,
    ],
)
def test_someone_who_leaves_during_the_sending_does_not_get_it(now, staff, drain, change):
    leaving, staying = SubscriberFactory(), SubscriberFactory()
    issue = sending.start_sending(IssueFactory(), by=staff, now=now)
    theirs = Subscriber.objects.filter(pk=leaving.pk)
    if change is None:
        theirs.delete()
    else:
        dates = {"now": now, "later": now + HOUR}
        theirs.update(**{name: dates[value] if isinstance(value, str) else value for name, value in change.items()})
    assert [email.to for email in drain(now)] == [[staying.email]]
    assert states(issue) == {"sent": 1, "unsubscribed": 1}
    assert sending.finish(issue, now=now)


def test_a_message_follows_an_address_that_was_changed_in_the_queue(now, staff, drain):
    subscriber = SubscriberFactory()
    sending.start_sending(IssueFactory(), by=staff, now=now)
    Subscriber.objects.update(email="new@example.ca")
    Message.objects.filter(to=subscriber.email).update(to="new@example.ca")
    assert [email.to for email in drain(now)] == [["new@example.ca"]]


def test_an_edit_after_the_start_changes_nothing_that_is_sent(now, staff, drain):
    SubscriberFactory()
    issue = sending.start_sending(IssueFactory(title_en="Before"), by=staff, now=now)
    Issue.objects.filter(pk=issue.pk).update(title_en="After")
    assert [email.subject for email in drain(now)] == ["Before"]


def test_hostile_text_stays_text(now, staff, smtp):
    hostile = "Hi <script>alert(1)</script> {{ 7|add:7 }} {% now 'Y' %} \u202e =cmd|'/C calc'!A0"
    SubscriberFactory(name=hostile, organization=hostile, email='"a,b"@example.ca')
    SubscriberFactory(name=hostile)
    sending.start_sending(IssueFactory(title_en=hostile, body_en=hostile), by=staff, now=now)
    from outbox import sending as outbox_sending
    from outbox import services

    with outbox_sending.Connection() as server:
        services.drain_batch(server, now)
    assert len(smtp.messages) == 2
    shown = one_line(hostile)  # without the mark that turns the direction of writing
    for email in smtp.messages:
        assert email["Subject"].strip() == shown
        assert shown in email.get_body(("plain",)).get_content()
        assert email["Bcc"] is None


class TestAudience:
    def test_it_is_those_who_receive_the_topic_now(self, now):
        wanted = SubscriberFactory(topics=["newsletter"])
        resumed = SubscriberFactory(topics=["newsletter"], paused_until=now - MINUTE)
        SubscriberFactory(topics=["session-news"])
        SubscriberFactory(unsubscribed_at=now)
        SubscriberFactory(paused_until=now + MINUTE)
        assert addresses(sending.audience(IssueFactory(), now)) == sorted([wanted.email, resumed.email])

    @pytest.mark.parametrize(
        ("limits", "fields"),
        [
            ({"audience_languages": ["fr"]}, {"language": "fr"}),
            ({"audience_professions": ["physician", "pharmacist"]}, {"profession": "pharmacist"}),
            ({"audience_provinces": ["NU"]}, {"province": "NU"}),
        ],
    )
    def test_it_can_be_limited(self, now, limits, fields):
        SubscriberFactory()
        wanted = SubscriberFactory(**fields)
        issue = IssueFactory(**limits)
        assert addresses(sending.audience(issue, now)) == [wanted.email]
        assert sending.audience_by_language(issue, now) == {wanted.language: 1}

    @pytest.mark.parametrize("topic", ["session-news", "reminders"])
    def test_another_topic_makes_it_those_who_chose_both(self, now, topic):
        SubscriberFactory(topics=["newsletter"])
        SubscriberFactory(topics=[topic])
        wanted = SubscriberFactory(topics=["newsletter", topic])
        assert list(sending.audience(IssueFactory(audience_topic=topic), now)) == [wanted]

    @pytest.mark.parametrize("left", ["newsletter", "session-news"])
    def test_who_leaves_one_of_the_two_topics_meanwhile_does_not_get_it(self, now, staff, drain, left):
        subscriber = SubscriberFactory(topics=["newsletter", "session-news"])
        sending.start_sending(IssueFactory(audience_topic="session-news"), by=staff, now=now)
        subscriber.topics.remove(left)
        subscriber.save()
        assert drain(now) == []
        assert Message.objects.get().state == "unsubscribed"

    def test_limits_are_combined(self, now):
        SubscriberFactory(language="fr")
        SubscriberFactory(province="NU")
        wanted = SubscriberFactory(language="fr", province="NU")
        issue = IssueFactory(audience_languages=["fr"], audience_provinces=["NU"])
        assert addresses(sending.audience(issue, now)) == [wanted.email]

    def test_of_a_hub_it_is_those_who_registered_with_one_of_its_series(self, now):
        """The account and the subscription have nothing in common but the address."""
        hub, other = HubFactory(), HubFactory()
        series = SessionFactory(now=now, hub=hub).series
        elsewhere = SessionFactory(now=now, hub=other).series
        people = [UserFactory(with_profile=True) for _ in range(4)]
        for person in people[:3]:
            SubscriberFactory(email=person.email)
        register(series, people[0], now=now)
        register(SessionFactory(now=now, hub=hub).series, people[0], now=now)
        register(elsewhere, people[1], now=now)
        cancel(register(series, people[2], now=now), now=now)
        register(series, people[3], now=now)  # not subscribed
        issue = IssueFactory()
        issue.audience_hubs.set([hub])
        assert addresses(sending.audience(issue, now)) == [people[0].email]

    def test_writing_the_messages_takes_as_many_queries_for_one_as_for_many(self, now, staff):
        counts = []
        for size in (1, 40):
            SubscriberFactory.create_batch(size)
            with CaptureQueriesContext(connection) as queries:
                sending.start_sending(IssueFactory(), by=staff, now=now)
            counts.append(len(queries))
        assert counts[0] == counts[1]
