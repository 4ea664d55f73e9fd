"""Someone deletes a draft while someone else works on it."""

import pytest
from django.db.models import F

from hubs.models import Role
from sessions_app.models import Question, Series
from tests.factories import MembershipFactory, SeriesFactory, SessionFactory
from tests.workspace.listing_forms import sent_from
from workspace.views import listing_form, listing_review, listing_steps

pytestmark = pytest.mark.django_db
DELETED = "This series was deleted."
START_AGAIN = "This series was deleted while you were editing it. Save again to create a new draft."


@pytest.fixture
def draft(editor, now):
    series = SessionFactory(
        now=now, series=SeriesFactory(hub=editor.hub, publication="draft", title_en="First words")
    ).series
    Question.objects.create(series=series, label_en="What brings you?", position=1)
    return series


def delete(draft):
    Series.objects.get(pk=draft.pk).delete()


def delete_after(monkeypatch, module, name, draft):
    """Delete the draft in the moment after this function was called in a request."""
    original = getattr(module, name)

    def call(*args):
        found = original(*args)
        delete(draft)
        return found

    monkeypatch.setattr(module, name, call)


@pytest.mark.parametrize("moment", ["before the request", "during the request"])
def test_what_was_typed_for_a_deleted_draft_is_shown_and_can_be_saved_as_a_new_one(
    client, editor, url, draft, moment, monkeypatch
):
    starts_at = draft.sessions.get().starts_at
    sent = sent_from(client.get(url("listing_edit", draft.pk)), title_en="My title")
    if moment == "before the request":
        delete(draft)
    else:
        delete_after(monkeypatch, listing_form, "preview_save", draft)
    page = client.post(url("listing_edit", draft.pk), sent)
    assert page.status_code == 409
    assert START_AGAIN in page.content.decode()
    assert f'action="{url("listing_new")}"' in page.content.decode()
    assert not Series.objects.exists()
    saved = client.post(url("listing_new"), sent_from(page, token="once"))
    new = Series.objects.get()
    assert saved["Location"] == url("listing", new.pk)
    assert (new.title_en, new.publication, new.hub) == ("My title", "draft", editor.hub)
    assert new.sessions.get().starts_at == starts_at
    assert new.questions.get().label_en == "What brings you?"


def test_a_draft_that_is_edited_and_deleted_in_the_moment_it_is_saved(client, editor, url, draft, monkeypatch):
    sent = sent_from(client.get(url("listing_edit", draft.pk)), title_en="My title")
    save = listing_form.save_listing

    def save_too_late(*args, **kwargs):
        Series.objects.update(revision=F("revision") + 1)
        try:
            return save(*args, **kwargs)
        finally:
            delete(draft)

    monkeypatch.setattr(listing_form, "save_listing", save_too_late)
    page = client.post(url("listing_edit", draft.pk), sent)
    assert page.status_code == 409
    assert START_AGAIN in page.content.decode()


def test_the_form_of_a_deleted_draft_leads_to_the_list(client, editor, url, draft):
    delete(draft)
    page = client.get(url("listing_edit", draft.pk), follow=True)
    assert page.redirect_chain[-1][0] == url("listings")
    assert DELETED in page.content.decode()


@pytest.mark.parametrize(
    ("name", "module", "sent"),
    [
        ("listing_submit", listing_review, {"comment": "Our first one."}),
        ("listing_withdraw", listing_review, {}),
        ("listing_comment", listing_review, {"comment": "The link follows."}),
        ("listing_archive", listing_steps, {}),
        ("listing_duplicate", listing_steps, {"first_date": "2040-03-15", "action": "duplicate"}),
        ("listing_cancel", listing_steps, {"note_en": "The team is ill."}),
    ],
)
def test_a_step_of_a_draft_that_is_deleted_in_that_moment_leads_to_the_list(
    client, editor, url, draft, monkeypatch, name, module, sent
):
    delete_after(monkeypatch, module, "get_series", draft)
    page = client.post(url(name, draft.pk), sent, follow=True)
    assert page.redirect_chain[-1][0] == url("listings")
    assert DELETED in page.content.decode()


def test_a_session_that_is_removed_in_the_moment_it_is_cancelled(client, editor, url, draft, monkeypatch):
    session = draft.sessions.get()
    form = listing_steps.CancelForm

    def remove(*args):
        draft.sessions.all().delete()
        return form(*args)

    monkeypatch.setattr(listing_steps, "CancelForm", remove)
    page = client.post(url("listing_session", draft.pk, session.pk), {"action": "cancel"}, follow=True)
    assert page.redirect_chain[-1][0] == url("listing", draft.pk)
    assert "A session or question on this page no longer exists." in page.content.decode()


@pytest.mark.parametrize("moment", ["before the request", "during the request"])
def test_deleting_twice_leads_to_the_list_both_times(client, editor, url, draft, moment, monkeypatch):
    if moment == "during the request":
        delete_after(monkeypatch, listing_steps, "get_series", draft)
    for _click in range(2):
        page = client.post(url("listing_delete", draft.pk), follow=True)
        assert page.redirect_chain[-1][0] == url("listings")
        assert "Draft deleted." in page.content.decode()
    assert client.get(url("listing_delete", draft.pk))["Location"] == url("listings")


def test_the_deleted_draft_of_another_hub_is_a_404(client, editor, url, draft):
    sent = sent_from(client.get(url("listing_edit", draft.pk)))
    delete(draft)
    client.force_login((other := MembershipFactory(role=Role.EDITOR)).user)
    for name in ("listing_edit", "listing_delete"):
        page = url(name, draft.pk).replace(editor.hub.slug, other.hub.slug)
        assert client.get(page).status_code == 404
        assert client.post(page, sent).status_code == 404
