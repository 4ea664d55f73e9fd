"""Cancelling a series or session takes back the changes to it that wait for approval. The conversation has an entry about it."""

import pytest

from sessions_app.models import ChangeRequest, ReviewEntry
from tests.factories import SessionFactory
from tests.workspace.listing_forms import sent_from

pytestmark = pytest.mark.django_db
SERIES = (
    "The series was cancelled, so the changes that were waiting for approval were taken back.\n\n"
    "La série a été annulée. Les changements qui attendaient l’approbation ont donc été repris."
)
SESSION = (
    "The changes that were waiting for approval were about a session that was cancelled, so they were taken back.\n\n"
    "Les changements qui attendaient l’approbation concernaient une séance annulée. Ils ont donc été repris."
)


@pytest.fixture
def series(editor, now):
    return SessionFactory(now=now, days=30, hub=editor.hub).series


def change(client, url, series, **changes):
    edit = url("listing_edit", series.pk)
    client.post(edit, sent_from(client.get(edit), **changes))
    assert ChangeRequest.objects.get().state == "waiting"


def withdrawn(editor):
    """The comment of the entry, and who it is from."""
    entry = ReviewEntry.objects.get(step="withdrawn")
    assert (ChangeRequest.objects.get().state, entry.by) == ("taken-back", editor.user)
    return entry.comment


def test_with_the_series_in_both_languages_and_once(client, editor, url, series):
    change(client, url, series, capacity="20")
    for _click in range(2):
        client.post(url("listing_cancel", series.pk), {"note_en": "The team is ill."})
    assert withdrawn(editor) == SERIES
    assert "La série a été annulée." in client.get(url("listing", series.pk)).content.decode()


def test_with_the_only_session_that_they_are_about(client, editor, url, series):
    change(client, url, series, sessions__0__title_en="A better title")
    client.post(url("listing_session", series.pk, series.sessions.get().pk), {"action": "cancel"})
    assert withdrawn(editor) == SESSION


def test_a_cancellation_without_waiting_changes_adds_nothing(client, editor, url, series):
    client.post(url("listing_cancel", series.pk), {"note_en": "The team is ill."})
    assert not ReviewEntry.objects.exists()
