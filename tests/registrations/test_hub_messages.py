"""Messages of a hub: who gets one, in which language, only once, and what became of it."""

from datetime import timedelta
from uuid import uuid4

import pytest

from accounts.services import close
from outbox.models import Message, State, SuppressionReason
from outbox.suppression import suppress
from registrations.deliveries import Outcome, outcomes
from registrations.models import Attendance, HubMessage, Recipients, Registration
from registrations.services import (
    Audience,
    IncompleteMessageError,
    NobodyError,
    Texts,
    audience_of,
    cancel,
    invite,
    record_intention,
    register,
    send_message,
    switch_to_recording,
)
from registrations.services.colleagues import Colleague
from registrations.services.messages import DUE_IN_A_SECOND
from sessions_app.models import Series
from tests.factories import HubFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
ENGLISH = Texts(
    subject_en="Bring a case", body_en="Hello,\n\nPlease bring <b>one</b> case: https://example.ca/x?a=1&b=2"
)
BOTH = Texts(**vars(ENGLISH) | {"subject_fr": "Apportez un cas", "body_fr": "Bonjour,\n\nApportez un cas."})


@pytest.fixture
def series(now):
    hub = HubFactory(name_en="Northern hub", contact_email="north@example.ca")
    series = SessionFactory(now=now, days=10, hub=hub, late_joining=True, title_en="First words").series
    SessionFactory(now=now, days=-7, series=series)
    series.refresh_from_db()
    return series


@pytest.fixture
def author(db):
    return UserFactory()


@pytest.fixture
def write_to(series, author, now):
    def send(recipients=Recipients.EVERYONE, texts=BOTH, token=None, **audience):
        return send_message(series, Audience(recipients, **audience), texts, by=author, token=token or uuid4(), now=now)

    return send


def person(series, now, name="Ana", days=-20, **fields):
    return register(series, UserFactory(name=name, **fields), now=now + timedelta(days=days))


def everyone(series, now):
    """One person for each state, an invited colleague, someone who cancelled and someone who closed their account."""
    people = {name: person(series, now, name) for name in ("seat", "recording", "cancelled", "closed")}
    switch_to_recording(people["recording"], now=now)
    cancel(people["cancelled"], now=now)
    close(people["closed"].user, now=now)
    invite(series, [Colleague("Bo", "bo@example.ca")], by=people["seat"].user, language="en", now=now)
    Series.objects.filter(pk=series.pk).update(capacity=3)
    people["waiting"] = person(series, now, "waiting", days=-1)
    return people


def names(series, recipients, **more):
    return {one.user.name for one in audience_of(series, Audience(recipients, **more)).select_related("user")}


def test_each_group_by_state_leaves_out_invited_colleagues_and_closed_accounts(series, now):
    people = everyone(series, now)
    assert people["waiting"].state == "waitlisted"
    assert names(series, Recipients.EVERYONE) == {"seat", "recording", "waiting"}
    assert names(series, Recipients.CONFIRMED) == {"seat"}
    assert names(series, Recipients.WAITLISTED) == {"waiting"}
    assert names(series, Recipients.SELECTED, selected=[one.pk for one in people.values()]) == {
        "seat",
        "recording",
        "waiting",
    }


def test_those_who_attended_a_session_and_those_who_did_not(series, now):
    past = series.sessions.order_by("starts_at").first()
    came, _missed, told, left, _late = (
        person(series, now, name, days)
        for name, days in [("came", -20), ("missed", -20), ("told", -20), ("left", -20), ("late", 0)]
    )
    for registration in (came, left):
        Attendance.objects.create(registration=registration, session=past, joined_at=past.starts_at)
    record_intention(told, past, is_coming=False, now=past.starts_at)
    cancel(left, now=now)
    assert names(series, Recipients.ATTENDED, session=past) == {"came", "left"}
    assert names(series, Recipients.ABSENT, session=past) == {"missed", "told"}


def test_registrations_of_another_series_are_never_in_the_audience(series, now):
    other = person(SessionFactory(now=now).series, now)
    assert names(series, Recipients.SELECTED, selected=[other.pk]) == set()


def test_each_person_gets_one_email_in_their_language_and_replies_go_to_the_hub(write_to, series, now, drain, author):
    person(series, now, "Ana", email="ana@example.ca")
    person(series, now, "Zoé", email="zoe@example.ca", language="fr")
    drain(now)
    message = write_to()
    assert (message.sent_to, message.by, message.sent_at) == (2, author, now)
    emails = {email.to[0]: email for email in drain(now)}
    assert {to: email.subject for to, email in emails.items()} == {
        "ana@example.ca": "Bring a case",
        "zoe@example.ca": "Apportez un cas",
    }
    assert {tuple(email.reply_to) for email in emails.values()} == {("north@example.ca",)}
    assert "Reply to this email to reach the team." in emails["ana@example.ca"].body
    assert "Répondez à ce courriel" in emails["zoe@example.ca"].body


def test_what_a_hub_writes_is_text_with_paragraphs_and_links(write_to, series, now, drain):
    person(series, now)
    drain(now)
    write_to(texts=ENGLISH)
    (email,) = drain(now)
    html = email.alternatives[0][0]
    assert "<b>one</b>" not in html
    assert 'href="https://example.ca/x?a=1&amp;b=2"' in html
    assert "Hello,\n\nPlease bring <b>one</b> case: https://example.ca/x?a=1&b=2\n" in email.body


def test_the_only_language_that_was_written_is_marked_for_readers_of_the_other(write_to, series, now, drain):
    person(series, now, language="fr")
    drain(now)
    write_to(texts=ENGLISH)
    (email,) = drain(now)
    html = email.alternatives[0][0]
    assert email.subject == "Bring a case"
    assert '<html lang="fr-CA"' in html
    assert 'lang="en"' in html.split("<h1")[1].split(">")[0]


def test_a_subject_cannot_add_a_header(write_to, series, now, drain):
    person(series, now)
    drain(now)
    write_to(texts=Texts(subject_en="Hello\r\nBcc: all@example.ca", body_en="Text"))
    (email,) = drain(now)
    assert email.message()["Bcc"] is None
    assert email.subject == "Hello Bcc: all@example.ca"


def test_the_same_token_sends_once(write_to, series, now):
    person(series, now)
    token = uuid4()
    assert write_to(token=token) == write_to(token=token)
    assert (HubMessage.objects.count(), Message.objects.filter(message_type="hub-message").count()) == (1, 1)


def test_a_message_without_readers_or_without_a_text_is_refused(write_to, series, now):
    with pytest.raises(NobodyError):
        write_to()
    person(series, now)
    for texts in (Texts(), Texts(subject_en="Only a subject"), Texts(**vars(ENGLISH) | {"body_fr": "Sans objet"})):
        with pytest.raises(IncompleteMessageError):
            write_to(texts=texts)
    assert HubMessage.objects.count() == 0


def test_whoever_leaves_before_the_email_is_sent_does_not_get_it(write_to, series, now, drain):
    stays, leaves = person(series, now, "stays"), person(series, now, "leaves")
    message = write_to(Recipients.CONFIRMED)
    cancel(leaves, now=now)
    sent = [email.to[0] for email in drain(now) if email.subject == "Bring a case"]
    assert sent == [stays.user.email]
    assert outcomes([message])[message.pk] == {Outcome.SENT: 1, Outcome.EXPIRED: 1}


def test_someone_who_attended_and_left_still_gets_it(write_to, series, now, drain):
    past, registration = series.sessions.order_by("starts_at").first(), person(series, now)
    Attendance.objects.create(registration=registration, session=past, joined_at=past.starts_at)
    message = write_to(Recipients.ATTENDED, session=past)
    cancel(registration, now=now)
    drain(now)
    assert outcomes([message])[message.pk] == {Outcome.SENT: 1}


def test_every_email_has_one_outcome_and_later_bounces_are_counted(write_to, series, now, drain):
    people = [person(series, now, name) for name in ("a", "b", "c", "d", "e")]
    suppress(people[0].user.email, SuppressionReason.HARD_BOUNCE, now=now)
    message, other = write_to(), write_to()
    drain(now)
    keys = [f"hub-message:{message.pk}:{one.pk}" for one in people]
    Message.objects.filter(key=keys[1]).update(state=State.UNCERTAIN)
    Message.objects.filter(key=keys[2]).update(state=State.FAILED)
    Message.objects.filter(key=keys[3]).update(state=State.QUEUED, settled_at=None)
    Message.objects.filter(message_type="hub-message", state=State.SENT).exclude(key__in=keys).update(
        settled_at=now + timedelta(days=2)
    )
    suppress(people[4].user.email.upper(), SuppressionReason.HARD_BOUNCE, now=now + timedelta(days=1))
    found = outcomes([message, other])
    assert found[message.pk] == {
        Outcome.SUPPRESSED: 1,
        Outcome.UNCERTAIN: 1,
        Outcome.FAILED: 1,
        Outcome.WAITING: 1,
        Outcome.BOUNCED: 1,
    }
    assert found[other.pk] == {Outcome.SUPPRESSED: 1, Outcome.SENT: 4}  # sent after that bounce


def test_a_closed_account_is_not_counted_as_bounced(write_to, series, now, drain):
    registration = person(series, now)
    message = write_to()
    drain(now)
    Message.objects.update(to="")
    suppress("", SuppressionReason.HARD_BOUNCE, now=now)
    assert outcomes([message])[message.pk] == {Outcome.SENT: 1}
    assert Registration.objects.get() == registration


def test_a_long_series_becomes_due_little_by_little(write_to, series, now):
    for n in range(DUE_IN_A_SECOND + 1):
        person(series, now, f"Person {n}")
    write_to()
    due = Message.objects.filter(message_type="hub-message").order_by("pk").values_list("not_before", flat=True)
    assert list(due) == [now] * DUE_IN_A_SECOND + [now + timedelta(seconds=1)]


def test_writing_to_sixty_people_takes_no_more_queries_than_to_two(
    write_to, series, now, django_assert_max_num_queries
):
    for n in range(60):
        person(series, now, f"Person {n}")
    with django_assert_max_num_queries(10):
        write_to()
