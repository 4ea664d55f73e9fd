"""Draft → submitted → published, or returned with a comment. Each step is written down and emailed to the other side."""

from datetime import timedelta

import pytest
from django.utils import translation

from hubs.models import Role
from outbox.models import Message
from sessions_app.editing import review
from sessions_app.editing.data import read
from sessions_app.editing.errors import (
    CommentMissingError,
    EditedMeanwhileError,
    NotAllowedToPublishError,
    TooManyCommentsError,
    WrongStepError,
)
from sessions_app.editing.saving import save_listing
from sessions_app.models import Series
from tests.factories import MembershipFactory, SeriesFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor():
    return MembershipFactory(role=Role.EDITOR).user


@pytest.fixture
def hub(editor):
    hub = editor.memberships.get().hub
    MembershipFactory(hub=hub, user=UserFactory(email="camille@example.ca", language="fr"))
    MembershipFactory(hub=hub, role=Role.VIEWER)
    MembershipFactory()  # of another hub
    return hub


@pytest.fixture
def staff():
    return UserFactory(is_staff=True, is_superuser=True)


@pytest.fixture
def draft(hub, now):
    series = SeriesFactory(hub=hub, publication="draft", title_en="Pain", title_fr="Douleur")
    return SessionFactory(now=now, series=series).series


@pytest.fixture
def submitted(draft, editor, now):
    review.submit(draft, comment="The dates are final.", by=editor, now=now)
    Message.objects.all().delete()
    draft.refresh_from_db()
    return draft


def steps(series):
    return list(series.review.values_list("step", flat=True))


def emails():
    return sorted(Message.objects.values_list("message_type", "to", "language"))


def test_a_submitted_listing_goes_to_staff_once(draft, editor, now, settings, drain):
    for _ in range(2):
        review.submit(draft, comment="The dates are final.", by=editor, now=now)
    draft.refresh_from_db()
    assert (draft.publication, steps(draft)) == ("submitted", ["submitted"])
    assert emails() == [("listing-submitted", settings.CONTACT_EMAIL, "en")]
    [email] = drain(now)
    assert email.subject == "To review: Pain"
    assert "The dates are final." in email.body
    assert f"/en/admin/sessions_app/series/{draft.pk}/change/" in email.body


def test_the_hub_can_take_a_submitted_listing_back(submitted, editor, now):
    for _ in range(2):
        review.withdraw_submission(submitted, by=editor, now=now)
    submitted.refresh_from_db()
    assert (submitted.publication, steps(submitted)) == ("draft", ["submitted", "withdrawn"])
    assert emails() == []


def test_a_published_listing_can_neither_be_submitted_nor_taken_back_nor_returned(submitted, editor, staff, now):
    review.publish(submitted, by=staff, now=now)
    with pytest.raises(WrongStepError):
        review.submit(submitted, by=editor, now=now)
    with pytest.raises(WrongStepError):
        review.withdraw_submission(submitted, by=editor, now=now)
    with pytest.raises(WrongStepError):
        review.return_to_hub(submitted, comment="Too late.", by=staff, now=now)


def test_staff_publish_and_the_hub_is_told_in_each_language(submitted, editor, staff, now, drain):
    for _ in range(2):
        review.publish(submitted, by=staff, now=now, revision=submitted.revision)
    assert steps(submitted) == ["submitted", "published"]
    assert emails() == [
        ("listing-published", "camille@example.ca", "fr"),
        ("listing-published", editor.email, "en"),
    ]
    subjects = {email.to[0]: email.subject for email in drain(now)}
    assert subjects[editor.email] == "Published: Pain"
    with translation.override("fr"):
        assert "Douleur" in subjects["camille@example.ca"]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "register from its opening time on."),
        ({"is_unlisted": True}, "People who have the link can now see it."),
        (
            {"registration_opens_at": None},
            "People can find it now. They can’t register until you add when registration opens.",
        ),
        (
            {"registration_opens_at": None, "is_unlisted": True},
            "People who have the link can now see it. They can’t register until you add when registration opens.",
        ),
    ],
)
def test_the_email_about_a_published_listing_says_who_can_find_it(
    submitted, editor, staff, now, drain, fields, sentence
):
    Series.objects.update(**({"registration_opens_at": now} | fields))
    review.publish(submitted, by=staff, now=now)
    body = next(email.body for email in drain(now) if email.to == [editor.email])
    assert sentence in " ".join(body.split())
    assert ("until you add" in body) == ("registration_opens_at" in fields)


def test_staff_never_publish_what_they_have_not_seen(submitted, editor, staff, now):
    seen = submitted.revision
    data = read(submitted).with_values(title_en="Something else")
    save_listing(submitted, data, revision=seen, by=editor, now=now)
    with pytest.raises(EditedMeanwhileError):
        review.publish(submitted, by=staff, now=now, revision=seen)
    assert Series.objects.get().publication == "submitted"


def test_a_hub_publishes_by_itself_only_if_it_is_trusted(draft, hub, editor, now):
    assert not review.may_publish(draft, editor)
    with pytest.raises(NotAllowedToPublishError):
        review.publish(draft, by=editor, now=now)
    hub.is_trusted = True
    hub.save()
    review.publish(draft, by=editor, now=now)
    assert Series.objects.get().publication == "published"
    assert emails() == [("listing-published", "camille@example.ca", "fr")]  # whoever published it knows


def test_a_trusted_hub_does_not_publish_what_staff_returned(submitted, hub, editor, staff, now):
    hub.is_trusted = True
    hub.save()
    assert review.may_publish(submitted, editor)
    review.return_to_hub(submitted, comment="Please add the French.", by=staff, now=now)
    for step in (review.submit, review.withdraw_submission):
        step(submitted, by=editor, now=now)
        with pytest.raises(NotAllowedToPublishError):
            review.publish(submitted, by=editor, now=now)
    review.publish(submitted, by=staff, now=now)
    assert Series.objects.get().publication == "published"


def test_nobody_publishes_an_archived_listing(draft, hub, editor, staff, now):
    Series.objects.update(publication="archived")
    for person in (editor, staff):
        with pytest.raises(WrongStepError):
            review.publish(draft, by=person, now=now)


def test_a_listing_is_returned_with_a_comment(submitted, editor, staff, now, drain):
    with pytest.raises(CommentMissingError):
        review.return_to_hub(submitted, comment=" ", by=staff, now=now)
    for _ in range(2):
        review.return_to_hub(submitted, comment="Please add the French.", by=staff, now=now)
    submitted.refresh_from_db()
    assert review.is_returned(submitted)
    assert steps(submitted) == ["submitted", "returned"]
    emails_sent = {email.to[0]: email for email in drain(now)}
    assert set(emails_sent) == {editor.email, "camille@example.ca"}
    assert "Please add the French." in emails_sent[editor.email].body


def test_the_hub_answers_with_a_comment_and_the_listing_stays_returned(submitted, editor, staff, now, settings):
    review.return_to_hub(submitted, comment="Please add the French.", by=staff, now=now)
    Message.objects.all().delete()
    for _ in range(2):
        review.comment(submitted, text="It comes tomorrow.", by=editor, now=now)
    submitted.refresh_from_db()
    assert review.is_returned(submitted)
    assert emails() == [("listing-comment-of-hub", settings.CONTACT_EMAIL, "en")]
    review.submit(submitted, by=editor, now=now)
    submitted.refresh_from_db()
    assert not review.is_returned(submitted)


def test_a_comment_of_staff_goes_to_the_hub(submitted, editor, staff, now):
    review.comment(submitted, text="Looks good.", by=staff, now=now, from_staff=True)
    assert {(kind, to) for kind, to, _language in emails()} == {
        ("listing-comment-of-staff", editor.email),
        ("listing-comment-of-staff", "camille@example.ca"),
    }
    with pytest.raises(CommentMissingError):
        review.comment(submitted, text="", by=staff, now=now, from_staff=True)


def test_a_hub_sends_thirty_comments_a_day_on_all_its_listings(draft, hub, editor, staff, now):
    other = SeriesFactory(hub=hub)
    for n in range(30):
        review.comment((draft, other)[n % 2], text=f"Comment {n}", by=editor, now=now)
    with pytest.raises(TooManyCommentsError):
        review.comment(draft, text="One more", by=editor, now=now)
    review.comment(draft, text="Please wait.", by=staff, now=now, from_staff=True)
    review.comment(draft, text="One more", by=editor, now=now + timedelta(days=1))
    assert Message.objects.filter(message_type="listing-comment-of-hub").count() == 31


def test_submitting_again_and_again_is_one_email_an_hour(draft, editor, now, drain):
    review.submit(draft, by=editor, now=now)
    assert len(drain(now)) == 1
    for _ in range(2):
        review.withdraw_submission(draft, by=editor, now=now)
        review.submit(draft, by=editor, now=now)
    assert drain(now) == []
    later = now + timedelta(minutes=61)
    review.withdraw_submission(draft, by=editor, now=later)
    review.submit(draft, by=editor, now=later)
    assert len(drain(later)) == 1


def test_an_email_that_came_too_late_does_not_count(draft, editor, now, drain):
    review.submit(draft, by=editor, now=now)
    review.withdraw_submission(draft, by=editor, now=now)
    assert drain(now) == []
    review.submit(draft, by=editor, now=now)
    assert len(drain(now)) == 1


def test_an_email_about_a_step_that_was_overtaken_is_not_sent(draft, editor, now, drain):
    review.submit(draft, by=editor, now=now)
    review.withdraw_submission(draft, by=editor, now=now)
    assert drain(now) == []


def test_lists_show_the_state_of_the_review_in_one_query(submitted, staff, now, django_assert_num_queries):
    review.return_to_hub(submitted, comment="Please add the French.", by=staff, now=now)
    review.comment(submitted, text="Looks good otherwise.", by=staff, now=now, from_staff=True)
    SessionFactory(now=now)
    with django_assert_num_queries(1):
        found = list(review.with_review(Series.objects.all()))
        assert {series.pk: review.is_returned(series) for series in found}[submitted.pk]
        assert not any(series.has_waiting_changes for series in found)


def test_several_people_edit_a_listing_while_it_is_in_review(submitted, editor, now):
    saved = save_listing(submitted, read(submitted).with_values(summary_fr="Plus."), revision=0, by=editor, now=now)
    assert (saved.series.publication, len(saved.live), saved.waiting) == ("submitted", 1, [])
