"""The weekly news of sessions: what is new, for whom, once, on its morning or not at all, and checked before it is sent."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse

from newsletters.emails import news as emails
from newsletters.matching import suits
from newsletters.models import AnnouncedSeries, OpenedSeries, Subscriber, Topic
from newsletters.services import news
from newsletters.services.news import MOST, NEWS_FOR, USEFUL_FOR, news_time, queue_session_news, record_openings
from outbox import message_types
from outbox.models import Message
from registrations.services import cancel, register
from sessions_app.models import Series
from tests.factories import HubFactory, SeriesFactory, SessionFactory, SubscriberFactory, UserFactory

pytestmark = pytest.mark.django_db
HOUR, A_WEEK = timedelta(hours=1), timedelta(days=7)


@pytest.fixture
def tuesday(now):
    """Tuesday at nine in Toronto, in the week of `now`."""
    return news_time(now)


@pytest.fixture
def series(now):
    return titled("Pain at Home", now=now, language="both", title_fr="La douleur à domicile")


def titled(title, *, title_fr="", **fields):
    """Create a series of one session with that title."""
    series = SessionFactory(**fields).series
    Series.objects.filter(pk=series.pk).update(title_en=title, title_fr=title_fr)
    series.refresh_from_db()
    return series


def told():
    return set(AnnouncedSeries.objects.values_list("subscriber__email", "series__slug"))


def queue_again(moment):
    """Queue at `moment` as a server does that has lost its cache."""
    cache.clear()
    return queue_session_news(moment)


def test_a_new_series_is_announced_once_to_each_subscriber(series, tuesday, drain):
    subscriber = SubscriberFactory()
    assert queue_session_news(tuesday) == 1
    assert queue_again(tuesday + HOUR) == 0
    assert queue_again(tuesday + A_WEEK) == 0
    assert told() == {(subscriber.email, series.slug)}
    (email,) = drain(tuesday + HOUR)
    assert (email.to, email.subject) == ([subscriber.email], "New session: Pain at Home")
    assert f"/en/sessions/{series.slug}/" in email.body
    assert reverse("newsletters:unsubscribe", args=[subscriber.token]) in email.extra_headers["List-Unsubscribe"]


def test_each_email_is_in_the_subscribers_language(series, tuesday, drain):
    SubscriberFactory(language="fr")
    queue_session_news(tuesday)
    (email,) = drain(tuesday)
    assert "La douleur à domicile" in email.subject
    assert f"/fr/seances/{series.slug}/" in email.body


def test_the_news_goes_out_on_its_morning_or_not_at_all(series, tuesday, drain):
    SubscriberFactory()
    assert queue_session_news(tuesday - timedelta(seconds=1)) == 0
    assert queue_session_news(tuesday + USEFUL_FOR) == 0
    assert queue_session_news(tuesday + USEFUL_FOR - HOUR) == 1
    assert drain(tuesday + USEFUL_FOR) == []  # a server that was restored a day later
    assert Message.objects.get().state == "expired"


def test_the_morning_is_the_projects_whatever_the_clocks_do():
    from datetime import UTC, datetime

    assert news_time(datetime(2026, 10, 27, 12, tzinfo=UTC)).astimezone(UTC).hour == 13  # daylight saving time
    assert news_time(datetime(2026, 11, 8, 23, tzinfo=UTC)).astimezone(UTC) == datetime(2026, 11, 3, 14, tzinfo=UTC)


def test_nothing_new_means_no_email(now, tuesday):
    SubscriberFactory()
    SessionFactory(now=now, is_closed=True)
    SessionFactory(now=now, capacity=0)
    SessionFactory(now=now, registration_opens_at=tuesday + HOUR)
    SessionFactory(now=now, is_unlisted=True)
    SessionFactory(now=now, publication="draft")
    assert queue_session_news(tuesday) == 0
    assert not OpenedSeries.objects.exists()


def test_a_series_is_news_from_when_it_was_found_open_not_from_its_dates(now, tuesday):
    SubscriberFactory()
    late = SessionFactory(now=now, days=60, publication="draft").series  # its registration opened a month ago
    assert queue_session_news(tuesday) == 0
    Series.objects.filter(pk=late.pk).update(publication="published")
    assert record_openings(tuesday + HOUR) == 1
    assert record_openings(tuesday + 2 * HOUR) == 0
    assert queue_again(tuesday + A_WEEK) == 1


def test_after_some_weeks_a_series_is_no_news(now, tuesday):
    SessionFactory(now=now, days=90)
    record_openings(tuesday - NEWS_FOR)
    SubscriberFactory()
    assert queue_session_news(tuesday) == 0


def test_a_week_in_which_nothing_could_be_sent_is_made_up_for(now, tuesday):
    SessionFactory(now=now, days=60)
    record_openings(tuesday - A_WEEK)
    SubscriberFactory()
    assert queue_session_news(tuesday) == 1


def test_only_those_who_asked_get_it(series, now, tuesday):
    SubscriberFactory(topics=[Topic.NEWSLETTER, Topic.REMINDERS])
    SubscriberFactory(unsubscribed_at=now)
    SubscriberFactory(paused_until=tuesday + HOUR)
    back = SubscriberFactory(paused_until=tuesday)
    assert queue_session_news(tuesday) == 1
    assert told() == {(back.email, series.slug)}


def test_someone_who_is_registered_does_not_get_it(series, now, tuesday):
    person = UserFactory()
    registration = register(series, person, now=now)
    SubscriberFactory(email=person.email)
    assert queue_session_news(tuesday) == 0
    cancel(registration, now=now)
    assert queue_again(tuesday) == 1


@pytest.mark.parametrize(
    ("fields", "reader", "fits"),
    [
        ({}, ("en", "", ""), True),  # national and for everyone
        ({}, ("fr", "", ""), False),
        ({"language": "both"}, ("fr", "", ""), True),
        (
            {"audience": ["physician"]},
            ("en", "registered-nurse", "BC"),
            True,
        ),  # national programming is for every province
        ({"audience": ["physician"], "audience_required": True}, ("en", "registered-nurse", "ON"), False),
        ({"audience": ["physician"], "audience_required": True}, ("en", "physician", ""), True),
        ({"audience": ["physician"], "provinces": ["ON"]}, ("en", "registered-nurse", "ON"), True),
        ({"audience": ["physician"], "provinces": ["ON"]}, ("en", "registered-nurse", "BC"), False),
        ({"audience": ["physician"], "provinces": ["ON"]}, ("en", "physician", "BC"), True),
        ({"audience": ["physician"], "provinces": ["ON"], "audience_required": True}, ("en", "", "ON"), False),
        ({"provinces": ["ON"]}, ("en", "registered-nurse", "BC"), True),  # a series without a list is for everyone
        ({"audience": ["physician"], "provinces": []}, ("en", "", ""), False),
    ],
)
def test_for_whom_a_series_is(fields, reader, fits):
    provinces = fields.pop("provinces", None)
    hub = None if provinces is None else HubFactory(provinces=provinces)
    assert suits(SeriesFactory(hub=hub, **fields), reader) is fits


def test_the_soonest_come_first_and_the_rest_wait_for_the_next_week(now, tuesday, drain):
    SubscriberFactory()
    for n in reversed(range(MOST + 2)):
        titled(f"Number {n}.", now=now, days=20 + n)
    queue_session_news(tuesday)
    (email,) = drain(tuesday)
    assert email.subject == f"New sessions: Number 0. and {MOST - 1} more"
    assert email.body.index("Number 0.") < email.body.index("Number 9.")
    assert "Number 10." not in email.body
    assert queue_again(tuesday + A_WEEK) == 1
    (email,) = drain(tuesday + A_WEEK)
    assert "Number 10." in email.body
    assert "Number 9." not in email.body


class TestRightBeforeSending:
    @pytest.fixture
    def others(self, now):
        return titled("Grief", now=now, days=30)

    @pytest.mark.parametrize(
        "change",
        [
            {"is_closed": True},
            {"is_cancelled": True},
            {"is_unlisted": True},
            {"publication": "archived"},
            {"capacity": 0},
        ],
    )
    def test_a_series_that_is_not_open_any_more_is_left_out(self, series, others, tuesday, drain, change):
        SubscriberFactory()
        queue_session_news(tuesday)
        Series.objects.filter(pk=series.pk).update(**change)
        (email,) = drain(tuesday)
        assert email.subject == "New session: Grief"
        assert "Pain at Home" not in email.body

    def test_if_none_is_left_there_is_no_email(self, series, tuesday, drain):
        SubscriberFactory()
        queue_session_news(tuesday)
        Series.objects.filter(pk=series.pk).update(is_closed=True)
        assert drain(tuesday) == []
        assert Message.objects.get().state == "expired"

    def test_a_series_that_the_person_has_registered_for_is_left_out(self, series, others, now, tuesday, drain):
        subscriber = SubscriberFactory()
        queue_session_news(tuesday)
        register(series, UserFactory(email=subscriber.email), now=now)
        (email,) = [one for one in drain(tuesday) if "Unsubscribe" in one.body]
        assert email.subject == "New session: Grief"

    @pytest.mark.parametrize("change", [{"unsubscribed_at": 0}, {"topics": ["newsletter"]}, {"paused_until": 30}])
    def test_someone_who_left_gets_nothing(self, series, tuesday, drain, change):
        SubscriberFactory()
        queue_session_news(tuesday)
        Subscriber.objects.update(
            **{
                name: tuesday + timedelta(days=value) if isinstance(value, int) else value
                for name, value in change.items()
            }
        )
        assert drain(tuesday + HOUR) == []
        assert Message.objects.get().state == "unsubscribed"

    def test_a_subscriber_who_was_deleted_gets_nothing_and_the_address_goes_too(self, series, tuesday, drain):
        SubscriberFactory()
        queue_session_news(tuesday)
        Subscriber.objects.all().delete()
        assert drain(tuesday) == []
        message = Message.objects.get()
        assert (message.state, message.to, message.data) == ("unsubscribed", "", {})

    def test_an_address_that_is_no_subscribers_any_more_gets_no_link(self, series, tuesday, drain):
        SubscriberFactory()
        queue_session_news(tuesday)
        Subscriber.objects.update(email="new@example.ca")
        assert [email.to for email in drain(tuesday)] == [["new@example.ca"]]
        assert Message.objects.get().to == "new@example.ca"


def test_a_run_that_broke_off_goes_on_without_repeating(series, now, tuesday, monkeypatch):
    monkeypatch.setattr("newsletters.matching.BATCH", 2)
    SubscriberFactory.create_batch(5)
    write, calls = news.write, []

    def fails_at_the_second_batch(drafts, **kwargs):
        calls.append(len(drafts))
        if len(calls) == 2:
            raise OSError("broken")
        write(drafts, **kwargs)

    monkeypatch.setattr(news, "write", fails_at_the_second_batch)
    with pytest.raises(OSError, match="broken"):
        queue_session_news(tuesday)
    assert (Message.objects.count(), AnnouncedSeries.objects.count()) == (2, 2)
    assert queue_session_news(tuesday + HOUR) == 3
    assert (Message.objects.count(), AnnouncedSeries.objects.count()) == (5, 5)


def test_a_run_that_takes_long_leaves_the_rest_to_the_next(series, tuesday, monkeypatch):
    monkeypatch.setattr("newsletters.matching.BATCH", 2)
    SubscriberFactory.create_batch(5)
    assert queue_session_news(tuesday, is_over=lambda: True) == 2  # each run gets on, however late it is
    assert queue_session_news(tuesday + HOUR) == 3
    assert queue_session_news(tuesday + HOUR) == 0


def test_the_run_goes_on_behind_readers_for_whom_there_is_nothing(series, tuesday, monkeypatch, now):
    monkeypatch.setattr("newsletters.matching.BATCH", 2)
    Series.objects.update(audience=["physician"], audience_required=True)
    SubscriberFactory.create_batch(6)
    last = SubscriberFactory(profession="physician", province="YT")
    assert queue_session_news(tuesday, is_over=lambda: True) == 1
    assert told() == {(last.email, series.slug)}


def test_readers_for_whom_nothing_is_new_cost_no_query(now, tuesday, monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr("newsletters.matching.BATCH", 2)
    SessionFactory(now=now, days=30)
    SubscriberFactory.create_batch(20)
    assert queue_session_news(tuesday) == 20
    new = SessionFactory(now=now, days=30, audience=["physician"], audience_required=True).series
    SubscriberFactory.create_batch(20, language="fr")
    reader = SubscriberFactory(profession="physician")
    with django_assert_max_num_queries(15):
        assert queue_session_news(tuesday + A_WEEK) == 1
    assert (reader.email, new.slug) in told()


def test_two_workers_at_once_write_each_email_once(series, tuesday, monkeypatch):
    """The other worker writes everything after this one has looked for what is due."""
    SubscriberFactory.create_batch(3)
    find = news._due

    def find_slowly(*args):
        found = find(*args)
        monkeypatch.setattr(news, "_due", find)
        assert queue_session_news(tuesday) == len(found) == 3
        return found

    monkeypatch.setattr(news, "_due", find_slowly)
    assert queue_session_news(tuesday) == 0
    assert Message.objects.count() == AnnouncedSeries.objects.count() == 3


def test_the_cost_does_not_grow_with_subscribers_or_series(series, now, tuesday, django_assert_max_num_queries, drain):
    SubscriberFactory.create_batch(30)
    for _n in range(5):
        SessionFactory(now=now)
    with django_assert_max_num_queries(15):
        assert queue_session_news(tuesday) == 30
    with django_assert_max_num_queries(3):
        queue_session_news(tuesday + HOUR)
    with django_assert_max_num_queries(5):
        message_types.load("session-news", list(Message.objects.values_list("data", flat=True)))


class TestOneRenderingForManyReaders:
    """Emails that are loaded together and tell of the same series are written once, and filled in for each person."""

    @pytest.fixture
    def written(self, monkeypatch):
        """The subjects of the emails that were written."""
        subjects = []
        write = emails._render_bulk
        monkeypatch.setattr(emails, "_render_bulk", lambda *args: subjects.append(args[1]) or write(*args))
        return subjects

    def test_each_gets_their_own_links(self, series, tuesday, drain, written):
        people = SubscriberFactory.create_batch(5)
        queue_session_news(tuesday)
        sent = {email.to[0]: email for email in drain(tuesday)}
        assert written == ["New session: Pain at Home"]
        for person in people:
            for content in (sent[person.email].body, sent[person.email].alternatives[0].content):
                assert [one.token for one in people if one.token in content] == [person.token]
                assert f"/en/newsletter/preferences/{person.token}/" in content
            assert person.token in sent[person.email].extra_headers["List-Unsubscribe"]

    def test_no_copies_are_kept_only_the_subject(self, series, tuesday, drain):
        SubscriberFactory()
        queue_session_news(tuesday)
        drain(tuesday)
        message = Message.objects.get()
        assert (message.state, message.subject, message.as_sent) == ("sent", "New session: Pain at Home", None)

    def test_languages_and_readers_who_are_told_something_else_do_not_share(self, series, now, tuesday, drain, written):
        other = titled("Grief", now=now, days=30, hub=HubFactory(provinces=["BC"]), audience=["physician"])
        SubscriberFactory.create_batch(2)
        SubscriberFactory.create_batch(2, language="fr")
        SubscriberFactory.create_batch(2, province="BC")
        registered = SubscriberFactory(province="BC")
        queue_session_news(tuesday)
        register(other, UserFactory(email=registered.email), now=now)
        bodies = {email.to[0]: email.body for email in drain(tuesday) if "List-Unsubscribe" in email.extra_headers}
        assert len(bodies) == 7
        assert "Grief" not in bodies[registered.email]
        assert sorted(written) == [
            "New session: Pain at Home",
            "New sessions: Pain at Home and 1 more",
            "Nouvelle séance\u00a0: La douleur à domicile",
        ]

    def test_readers_with_the_same_answers_follow_one_another(self, series, tuesday):
        for province in ("ON", "BC", "ON", "BC"):
            SubscriberFactory(province=province)
        queue_session_news(tuesday)
        order = {one.pk: one.province for one in Subscriber.objects.all()}
        data = Message.objects.order_by("pk").values_list("data", flat=True)
        assert [order[one["subscriber"]] for one in data] == ["BC", "BC", "ON", "ON"]


@pytest.mark.parametrize("name", ["other", "unsubscribe_url"])
def test_a_title_that_looks_like_a_placeholder_stays_text(now, tuesday, drain, name):
    titled(f"Hello \ue000{name}\ue001", now=now)
    SubscriberFactory()
    queue_session_news(tuesday)
    (email,) = drain(tuesday)
    assert "Hello" in email.body


def test_a_hostile_title_stays_text(now, tuesday, drain):
    title = "Hello\r\nBcc: x@example.ca <script>alert(1)</script> {{ settings }}"
    titled(title, now=now, hub=HubFactory(name_en="<b>Hub</b>"))
    SubscriberFactory()
    queue_session_news(tuesday)
    (email,) = drain(tuesday)
    assert "\n" not in email.subject
    assert email.message()["Bcc"] is None
    html = email.alternatives[0].content
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "{{ settings }}" in html
    assert "<b>Hub</b>" not in html
