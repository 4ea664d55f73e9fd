"""Two people edit the same series: the second one sees what changed and overwrites nothing unseen."""

import pytest

from sessions_app.models import ChangeRequest, Series
from tests.factories import MembershipFactory, SeriesFactory
from tests.workspace.listing_forms import sent_from
from workspace.views import listing_form

pytestmark = pytest.mark.django_db


@pytest.fixture
def series(editor):
    return SeriesFactory(hub=editor.hub, publication="draft", title_en="First words", summary_en="Old")


@pytest.fixture
def save(client, url, series):
    """Return a function that sends a form for the series."""
    return lambda sent, **more: client.post(url("listing_edit", series.pk), sent | more)


def test_changes_to_different_things_are_both_kept_after_a_look(client, editor, url, series, save):
    form = client.get(url("listing_edit", series.pk))
    save(sent_from(form, title_en="Their title"))
    mine = sent_from(form, summary_en="My summary")
    page = save(mine)
    assert page.status_code == 409
    assert "Their title" in page.content.decode()
    assert f"{editor.user.name} saved changes while you were editing" in page.content.decode()
    assert Series.objects.get().summary_en == "Old"
    assert save(mine, seen=str(page.context["comparison"].revision)).status_code == 302
    saved = Series.objects.get()
    assert (saved.title_en, saved.summary_en) == ("Their title", "My summary")


@pytest.mark.parametrize(("choice", "title"), [("mine", "My title"), ("theirs", "Their title")])
def test_where_both_changed_the_same_thing_the_second_chooses(client, editor, url, series, save, choice, title):
    form = client.get(url("listing_edit", series.pk))
    save(sent_from(form, title_en="Their title"))
    mine = sent_from(form, title_en="My title", summary_fr="À moi")
    page = save(mine)
    html = page.content.decode()
    assert "My title" in html
    assert "Their title" in html
    seen = {"seen": str(page.context["comparison"].revision)}
    assert save(mine | seen).status_code == 409  # nothing chosen
    assert Series.objects.get().title_en == "Their title"
    save(mine | seen | {"choice:title_en": choice})
    saved = Series.objects.get()
    assert (saved.title_en, saved.summary_fr) == (title, "À moi")


def test_what_a_third_person_saved_after_the_look_is_shown_too(client, editor, url, series, save):
    form = client.get(url("listing_edit", series.pk))
    save(sent_from(form, title_en="Their title"))
    mine = sent_from(form, summary_en="My summary")
    seen = str(save(mine).context["comparison"].revision)
    save(sent_from(client.get(url("listing_edit", series.pk)), title_fr="Un autre titre"))
    page = save(mine, seen=seen)
    assert page.status_code == 409
    assert "Un autre titre" in page.content.decode()
    assert Series.objects.get().summary_en == "Old"


def test_changes_that_wait_for_staff_are_named_after_who_sent_them(client, editor, url, series, save):
    Series.objects.update(publication="published")
    form = client.get(url("listing_edit", series.pk))
    save(sent_from(form, title_en="Their title"))
    page = save(sent_from(form, title_en="My title"))
    assert page.status_code == 409
    assert f"{editor.user.name} saved changes while you were editing" in page.content.decode()


def test_a_series_that_moved_here_does_not_name_the_former_hubs_people(client, editor, url, series, save):
    Series.objects.update(publication="published")
    form = client.get(url("listing_edit", series.pk))
    save(sent_from(form, title_en="Their title"))
    ChangeRequest.objects.update(by=MembershipFactory().user)
    page = save(sent_from(form, title_en="My title"))
    assert page.status_code == 409
    assert "Someone from another hub saved changes while you were editing" in page.content.decode()


def test_saving_twice_by_a_double_click_is_no_conflict(client, editor, url, series, save):
    sent = sent_from(client.get(url("listing_edit", series.pk)), summary_en="New")
    assert save(sent).status_code == 302
    again = save(sent)
    assert again.status_code in (302, 409)
    assert Series.objects.get().summary_en == "New"


def test_what_someone_else_saves_in_the_very_moment_is_shown(client, editor, url, series, save, monkeypatch):
    """They save after this request has read the series, and before it locks the series."""
    form = client.get(url("listing_edit", series.pk))
    preview = listing_form.preview_save

    def save_theirs(*args):
        monkeypatch.undo()
        found = preview(*args)
        save(sent_from(form, title_en="Their title"))
        return found

    monkeypatch.setattr(listing_form, "preview_save", save_theirs)
    page = save(sent_from(form, title_en="My title"))
    assert page.status_code == 409
    assert "Their title" in page.content.decode()
    assert Series.objects.get().title_en == "Their title"


def test_merged_changes_that_do_not_go_together_are_refused_with_everything_kept(client, editor, url, series, save):
    form = client.get(url("listing_edit", series.pk))
    save(sent_from(form, opens_date="2027-03-10", opens_time="08:00"))
    mine = sent_from(form, closes_date="2027-03-01", closes_time="08:00", summary_en="My summary")
    page = save(mine)
    assert page.status_code == 409
    page = save(mine, seen=str(page.context["comparison"].revision))
    assert page.status_code == 400
    assert "Registration must close after it opens." in page.content.decode()
    assert page.context["editor"].form["summary_en"].value() == "My summary"


def test_what_someone_saves_while_i_decide_on_a_conflict_is_shown_too(client, editor, url, series, save, monkeypatch):
    form = client.get(url("listing_edit", series.pk))
    save(sent_from(form, title_en="Their title"))
    mine = sent_from(form, summary_en="My summary")
    seen = str(save(mine).context["comparison"].revision)
    latest, preview = sent_from(client.get(url("listing_edit", series.pk))), listing_form.preview_save

    def save_theirs(*args):
        monkeypatch.undo()
        found = preview(*args)
        save(latest | {"title_fr": "Un autre titre"})
        return found

    monkeypatch.setattr(listing_form, "preview_save", save_theirs)
    page = save(mine, seen=seen)
    assert page.status_code == 409
    assert "Un autre titre" in page.content.decode()
    assert Series.objects.get().summary_en == "Old"
