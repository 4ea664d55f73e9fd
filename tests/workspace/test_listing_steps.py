"""From an empty form to a published series, and the other steps of a listing."""

from datetime import timedelta

import pytest
from django.utils import timezone

from registrations.models import Answer
from registrations.services import register, switch_to_recording
from sessions_app.editing import review
from sessions_app.models import ChangeRequest, Question, Series
from tests.factories import MembershipFactory, SeriesFactory, SessionFactory, UserFactory
from tests.workspace.listing_forms import sent_from

pytestmark = pytest.mark.django_db


@pytest.fixture
def trusted(editor):
    editor.hub.is_trusted = True
    editor.hub.save()
    return editor


@pytest.fixture
def published(editor):
    return SessionFactory(now=timezone.now(), hub=editor.hub, capacity=9).series


def three_sessions(client, url):
    """Create a draft as a newcomer does: a title, and three dates from the helper."""
    first = timezone.now() + timedelta(days=30)
    sent = sent_from(
        client.get(url("listing_new")), title_en="First words", action="repeat", repeat__first=f"{first:%Y-%m-%d}"
    )
    filled = client.post(url("listing_new"), sent)
    return client.post(url("listing_new"), sent_from(filled), follow=True)


def test_a_trusted_hub_publishes_three_sessions_and_people_can_register(client, trusted, url):
    response = three_sessions(client, url)
    series = Series.objects.get()
    html = response.content.decode()
    assert "Draft saved." in html
    assert "3 sessions have no join link." in html
    checklist = client.get(url("listing_publish", series.pk))
    assert "Title in French" in checklist.content.decode()
    client.post(url("listing_publish", series.pk), {"revision": str(checklist.context["series"].revision)})
    series.refresh_from_db()
    assert (series.publication, series.sessions.count()) == ("published", 3)
    tomorrow = timezone.now() + timedelta(days=1)  # registration opens at eight today, which may still be ahead
    register(series, UserFactory(with_profile=True), now=tomorrow)
    assert "1 person registered" in client.get(url("listing", series.pk)).content.decode()


def test_another_hub_submits_comments_and_takes_back(client, editor, url):
    three_sessions(client, url)
    series = Series.objects.get()
    assert client.get(url("listing_publish", series.pk)).url == url("listing_submit", series.pk)
    client.post(url("listing_submit", series.pk), {"comment": "Our first one."})
    series.refresh_from_db()
    assert series.publication == "submitted"
    client.post(url("listing_comment", series.pk), {"comment": "The link follows."})
    html = client.get(url("listing", series.pk)).content.decode()
    assert "Our first one." in html
    assert "The link follows." in html
    client.post(url("listing_withdraw", series.pk))
    series.refresh_from_db()
    assert series.publication == "draft"


def test_an_empty_comment_is_refused_on_the_page(client, editor, url, published):
    response = client.post(url("listing_comment", published.pk), {"comment": " "})
    assert response.status_code == 400
    assert "Write a comment." in response.content.decode()


def test_staff_are_not_named_in_the_conversation(client, editor, url, published):
    staff = UserFactory(is_staff=True, is_superuser=True, name="Sam Staff")
    left = MembershipFactory(hub=editor.hub, user__name="Lee Left")
    review.comment(published, text="From us", by=staff, now=timezone.now(), from_staff=True)
    review.comment(published, text="From a colleague", by=left.user, now=timezone.now())
    left.delete()
    html = client.get(url("listing", published.pk)).content.decode()
    assert "Sam Staff" not in html
    assert "· Pallium Canada" in html
    assert "· Lee Left" in html


def test_a_comment_too_many_is_refused_and_stays_in_the_form(client, editor, url, published, monkeypatch):
    monkeypatch.setattr(review, "MOST_COMMENTS", 0)
    response = client.post(url("listing_comment", published.pk), {"comment": "Our answer"})
    assert response.status_code == 400
    assert "You can send more tomorrow." in response.content.decode()
    assert "Our answer" in response.content.decode()


def test_a_trusted_hub_submits_what_staff_took_off_the_site(client, trusted, url, published):
    staff = UserFactory(is_staff=True, is_superuser=True)
    review.take_off_site(published, by=staff, now=timezone.now())
    html = client.get(url("listing", published.pk)).content.decode()
    assert url("listing_submit", published.pk) in html
    assert url("listing_publish", published.pk) not in html
    assert "Pallium Canada took this series off the site." in html
    client.post(url("listing_publish", published.pk), {"revision": "0"})
    published.refresh_from_db()
    assert published.publication == "draft"


def test_publishing_what_someone_else_edited_meanwhile_is_refused(client, trusted, url):
    series = SeriesFactory(hub=trusted.hub, publication="draft", revision=4)
    response = client.post(url("listing_publish", series.pk), {"revision": "3"}, follow=True)
    assert "Someone else edited this series a moment ago." in response.content.decode()
    series.refresh_from_db()
    assert series.publication == "draft"


def test_changes_to_dates_wait_for_approval_and_can_be_taken_back(client, trusted, url, published):
    sent = sent_from(client.get(url("listing_edit", published.pk)), capacity="20", title_en="New title")
    response = client.post(url("listing_edit", published.pk), sent, follow=True)
    html = response.content.decode()
    assert "Your changes are waiting for approval" in html
    published.refresh_from_db()
    assert (published.title_en, published.capacity) == ("New title", 9)
    client.post(url("listing_take_back", published.pk))
    assert ChangeRequest.objects.get().state == "taken-back"


def test_what_reaches_people_is_shown_before_it_is_saved(client, editor, url, published):
    register(published, UserFactory(with_profile=True), now=timezone.now())
    link = "https://example.ca/new"
    sent = sent_from(client.get(url("listing_edit", published.pk)), sessions__0__join_url=link)
    page = client.post(url("listing_edit", published.pk), sent)
    assert "What this means for people" in page.content.decode()
    assert published.sessions.get().join_url == ""
    back = client.post(url("listing_edit", published.pk), sent | {"action": "back"})
    assert back.context["editor"].sessions[0]["join_url"].value() == link
    client.post(url("listing_edit", published.pk), sent | {"confirmed": str(page.context["revision"])})
    assert published.sessions.get().join_url == link


def test_a_new_date_on_a_weekend_is_pointed_out_to_the_hub_and_to_staff(client, editor, url, published):
    register(published, UserFactory(with_profile=True), now=timezone.now())
    saturday = {"sessions__0__date": "2040-03-17", "sessions__0__start": "12:00", "sessions__0__end": "13:00"}
    edit, warning = url("listing_edit", published.pk), "is on a Saturday."
    sent = sent_from(client.get(edit), **saturday)
    page = client.post(edit, sent)
    assert warning in page.content.decode()
    client.post(edit, sent | {"confirmed": str(page.context["revision"])})
    assert warning in client.get(url("listing", published.pk)).content.decode()
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    asked = ChangeRequest.objects.get()
    assert warning in client.get(f"/en/admin/sessions_app/changerequest/{asked.pk}/change/").content.decode()


def test_a_capacity_below_the_seats_taken_is_refused_with_everything_kept(client, trusted, url, published):
    for _n in range(2):
        register(published, UserFactory(with_profile=True), now=timezone.now())
    sent = sent_from(client.get(url("listing_edit", published.pk)), capacity="1", summary_en="Kept")
    response = client.post(url("listing_edit", published.pk), sent)
    assert response.status_code == 400
    assert "2 seats are already taken. Enter at least that many." in response.content.decode()
    assert response.context["editor"].form["summary_en"].value() == "Kept"


def test_what_cannot_be_saved_is_refused_before_anyone_is_asked_about_people(client, trusted, url, published):
    question = Question.objects.create(series=published, label_en="What brings you?")
    registration = register(published, UserFactory(with_profile=True), now=timezone.now())
    Answer.objects.create(registration=registration, question=question, value=["A case."])
    page, link = url("listing_edit", published.pk), {"sessions__0__join_url": "https://example.ca/new"}
    sent = sent_from(client.get(page), **link, questions__0__kind="yes-no")
    response = client.post(page, sent)
    assert response.status_code == 400
    assert "People have already answered “What brings you?”." in response.content.decode()
    assert "What this means for people" in client.post(page, sent | {"questions-0-kind": "text"}).content.decode()


def test_a_past_series_is_duplicated_to_new_dates(client, editor, url):
    now = timezone.now()
    series = SessionFactory(now=now, days=-30, hub=editor.hub, join_url="https://example.ca/old").series
    SessionFactory(now=now, days=-23, series=series)
    new = (now + timedelta(days=60)).date()
    shown = client.post(url("listing_duplicate", series.pk), {"first_date": f"{new}", "action": "show"})
    assert len(shown.context["dates"]) == 2
    assert Series.objects.count() == 1
    client.post(url("listing_duplicate", series.pk), {"first_date": f"{new}", "action": "duplicate"})
    copy = Series.objects.exclude(pk=series.pk).get()
    assert copy.publication == "draft"
    assert [session.join_url for session in copy.sessions.all()] == ["", ""]
    assert copy.sessions.first().starts_at.astimezone(copy.zone).date() == new


def test_a_trusted_hub_cannot_duplicate_what_staff_took_off_the_site(client, trusted, url, published):
    listing, duplicate = url("listing", published.pk), url("listing_duplicate", published.pk)
    assert duplicate in client.get(listing).content.decode()
    review.take_off_site(published, by=UserFactory(is_staff=True), now=timezone.now())
    page = client.get(listing).content.decode()
    assert duplicate not in page
    assert "so you can’t duplicate it right now" in page
    assert client.get(duplicate)["Location"] == listing
    sent = {"first_date": f"{timezone.now() + timedelta(days=60):%Y-%m-%d}", "action": "duplicate"}
    refused = client.post(duplicate, sent, follow=True)
    assert "so you can’t duplicate it right now" in refused.content.decode()
    assert Series.objects.count() == 1


def test_cancelling_says_how_many_people_are_told_and_tells_them(client, editor, url, published, drain):
    register(published, UserFactory(with_profile=True, email="en@example.ca"), now=timezone.now())
    register(published, UserFactory(with_profile=True, email="fr@example.ca", language="fr"), now=timezone.now())
    drain(timezone.now())
    assert "We’ll email 2 people" in client.get(url("listing_cancel", published.pk)).content.decode()
    notes = {"note_en": "The team is ill.", "note_fr": "L’équipe est malade."}
    client.post(url("listing_cancel", published.pk), notes)
    published.refresh_from_db()
    assert published.is_cancelled
    bodies = {message.to[0]: message.body for message in drain(timezone.now())}
    assert "The team is ill." in bodies["en@example.ca"]
    assert "L’équipe est malade." in bodies["fr@example.ca"]


@pytest.mark.parametrize(("action", "delivery"), [("postpone", "postponed"), ("cancel", "cancelled")])
def test_one_session_is_postponed_or_cancelled(client, editor, url, published, action, delivery):
    page = url("listing_session", published.pk, published.sessions.get().pk)
    assert client.get(page).status_code == 200
    assert client.post(page, {"action": "nonsense"}).status_code == 400
    assert client.post(page, {"action": action, "note_en": "x" * 1001}).status_code == 400
    response = client.post(page, {"action": action, "note_en": "The team is ill."}, follow=True)
    assert f"The session is {delivery}. We’ll email people in 5 minutes." in response.content.decode()
    session = published.sessions.get()
    assert session.delivery == delivery
    assert session.announcement.note == {"en": "The team is ill.", "fr": ""}


def test_people_who_only_want_the_recording_are_not_counted_among_those_told(client, editor, url, published):
    seats = [register(published, UserFactory(with_profile=True), now=timezone.now()) for _ in range(2)]
    switch_to_recording(seats[0], now=timezone.now())
    page = client.get(url("listing_session", published.pk, published.sessions.get().pk)).content.decode()
    assert "email 1 person, 5 minutes after you press the button" in page


def test_a_postponed_session_gets_a_new_date_or_is_cancelled(client, editor, url, published):
    page = url("listing_session", published.pk, published.sessions.get().pk)
    client.post(page, {"action": "postpone"})
    overview = client.get(url("listing", published.pk)).content.decode()
    assert page in overview
    anchor = f"session-with-key-{published.sessions.get().pk}"
    assert f"{url('listing_edit', published.pk)}#{anchor}" in overview
    assert f'id="{anchor}"' in client.get(url("listing_edit", published.pk)).content.decode()
    assert 'value="postpone"' not in client.get(page).content.decode()
    client.post(page, {"action": "cancel"})
    assert published.sessions.get().delivery == "cancelled"
    assert page not in client.get(url("listing", published.pk)).content.decode()
    assert client.get(page)["Location"] == url("listing", published.pk)
    refused = client.post(page, {"action": "postpone"}, follow=True)
    assert "This session is cancelled, so you can’t postpone it." in refused.content.decode()


def test_what_is_not_a_draft_any_more_leads_from_the_submit_page_to_the_listing(client, editor, url):
    for publication in ("submitted", "published", "archived"):
        series = SeriesFactory(hub=editor.hub, publication=publication)
        response = client.get(url("listing_submit", series.pk), follow=True)
        assert response.redirect_chain[-1][0] == url("listing", series.pk)
        assert "This is no longer possible, because the status of the series has changed." in response.content.decode()


def test_an_unlisted_draft_says_who_can_find_it(client, editor, url):
    sentence = "Only people who have the link can find it."
    series = SeriesFactory(hub=editor.hub, publication="draft", is_unlisted=True)
    assert sentence in client.get(url("listing", series.pk)).content.decode()
    Series.objects.update(is_unlisted=False)
    assert sentence not in client.get(url("listing", series.pk)).content.decode()


def test_a_series_that_is_over_is_archived_after_a_question(client, editor, url, published):
    assert client.get(url("listing_archive", published.pk)).url == url("listing", published.pk)
    client.post(url("listing_archive", published.pk))
    published.refresh_from_db()
    assert published.publication == "published"
    past = SessionFactory(now=timezone.now(), days=-9, hub=editor.hub).series
    assert url("listing_archive", past.pk) in client.get(url("listing", past.pk)).content.decode()
    assert "You won’t be able to edit it again" in client.get(url("listing_archive", past.pk)).content.decode()
    past.refresh_from_db()
    assert past.publication == "published"
    client.post(url("listing_archive", past.pk))
    past.refresh_from_db()
    assert past.publication == "archived"


def test_a_draft_is_archived_only_if_it_cannot_be_deleted(client, editor, url, published):
    register(published, UserFactory(with_profile=True), now=timezone.now())
    Series.objects.update(publication="draft")
    assert url("listing_archive", published.pk) not in client.get(url("listing", published.pk)).content.decode()
    asked = client.post(url("listing_delete", published.pk), follow=True)
    assert asked.redirect_chain[-1][0] == url("listing_archive", published.pk)
    assert "You can archive it instead." in asked.content.decode()


def test_a_draft_is_deleted_after_a_question_and_nothing_else_is(client, editor, url, published):
    draft = SeriesFactory(hub=editor.hub, publication="draft")
    assert client.get(url("listing_delete", draft.pk)).status_code == 200
    assert client.post(url("listing_delete", draft.pk)).url == url("listings")
    client.post(url("listing_delete", published.pk))
    assert list(Series.objects.all()) == [published]
