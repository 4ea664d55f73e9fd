"""The form for a series: its buttons work without JavaScript, errors keep what was typed, and saving keeps the rest as it was."""

from datetime import timedelta

import pytest
from django.utils import translation

from sessions_app.models import Question, Series
from tests.factories import HubFactory, SeriesFactory, SessionFactory
from tests.workspace.listing_forms import SESSION, sent_from, with_sessions

pytestmark = pytest.mark.django_db


def new_form(client, url, **changes):
    return sent_from(client.get(url("listing_new")), **changes)


def rows(response, name="sessions"):
    return [{field.name: field.value() for field in form} for form in getattr(response.context["editor"], name)]


def test_a_title_is_enough_for_a_draft(client, editor, url):
    response = client.post(url("listing_new"), new_form(client, url, title_en="First words"))
    series = Series.objects.get()
    assert response.url == url("listing", series.pk)
    assert (series.hub, series.title_en, series.publication) == (editor.hub, "First words", "draft")
    assert series.sessions.count() == 0
    assert series.reminder_hours == [24, 1]


def test_a_form_that_is_sent_twice_makes_one_draft(client, editor, url):
    page = client.get(url("listing_new"))
    sent = sent_from(page, title_en="First words", token=page.context["token"])
    first, second = (client.post(url("listing_new"), sent).url for _ in range(2))
    assert first == second == url("listing", Series.objects.get().pk)
    other = client.post(url("listing_new"), sent | {"title_en": "Other words"})  # after going back
    assert other.url != first
    Series.objects.all().delete()
    assert client.post(url("listing_new"), sent).url not in (first, other.url)


def test_the_buttons_of_the_form_keep_its_token(client, editor, url):
    page = client.get(url("listing_new"))
    assert f'name="token" value="{page.context["token"]}"' in page.content.decode()
    sent = sent_from(page, token=page.context["token"], action="add-session")
    assert client.post(url("listing_new"), sent).context["token"] == page.context["token"]


def test_the_repeat_helper_fills_in_dates_and_loses_nothing(client, editor, url):
    sent = new_form(
        client, url, title_fr="Premiers mots", action="repeat", repeat__first="2027-03-18", repeat__count="6"
    )
    sent["sessions-0-title_fr"] = "Ouverture"
    response = client.post(url("listing_new"), sent)
    assert response.status_code == 200
    found = rows(response)
    days = ["2027-03-18", "2027-04-01", "2027-04-15", "2027-04-29", "2027-05-13", "2027-05-27"]
    assert [str(row["date"]) for row in found] == days
    assert {str(row["start"])[:5] for row in found} == {"12:00"}  # also after the clocks have changed
    assert found[0]["title_fr"] == "Ouverture"
    assert response.context["editor"].form["title_fr"].value() == "Premiers mots"
    assert "6 dates filled in" in response.content.decode()
    assert not Series.objects.exists()


def test_each_date_can_be_adjusted_and_the_helper_adds_only_what_is_missing(client, editor, url):
    sent = new_form(client, url, action="repeat", repeat__first="2027-03-18", repeat__count="2")
    again = sent_from(client.post(url("listing_new"), sent), action="repeat", sessions__1__date="2027-04-02")
    found = rows(client.post(url("listing_new"), again | {"repeat-first": "2027-03-18", "repeat-count": "3"}))
    assert [str(row["date"]) for row in found] == ["2027-03-18", "2027-04-02", "2027-04-01", "2027-04-15"]


def test_the_helper_says_what_it_needs_and_keeps_what_was_typed(client, editor, url):
    sent = new_form(client, url, title_en="First words", action="repeat", repeat__first="", repeat__count="4")
    response = client.post(url("listing_new"), sent)
    assert "Enter the date of the first session." in response.content.decode()
    assert response.context["editor"].repeat["count"].value() == "4"
    assert response.context["editor"].form["title_en"].value() == "First words"


def test_sessions_and_questions_can_be_added_and_removed(client, editor, url):
    sent = with_sessions(new_form(client, url), SESSION, SESSION | {"date": "2027-03-25", "title_en": "Second"})
    response = client.post(url("listing_new"), sent | {"action": "add-session"})
    assert [str(row["date"] or "") for row in rows(response)] == ["2027-03-18", "2027-03-25", ""]
    response = client.post(url("listing_new"), sent_from(response, action="remove-session-0"))
    assert [row["title_en"] for row in rows(response)] == ["Second", None]
    response = client.post(url("listing_new"), sent_from(response, action="add-question"))
    assert len(rows(response, "questions")) == 1
    response = client.post(url("listing_new"), sent_from(response, action="remove-question-0"))
    assert rows(response, "questions") == []


def test_the_join_link_is_copied_to_the_sessions_that_have_none(client, editor, url):
    links = ["", "https://example.ca/1", "https://example.ca/2"]
    sent = with_sessions(new_form(client, url), *[SESSION | {"join_url": link} for link in links])
    response = client.post(url("listing_new"), sent | {"action": "copy-link"})
    assert [row["join_url"] for row in rows(response)] == [links[1], links[1], links[2]]


@pytest.mark.parametrize("action", ["nonsense", "remove-session-7", "remove-session-x", "remove-session-" + "9" * 5000])
def test_a_button_that_the_form_does_not_have_is_refused(client, editor, url, action):
    assert client.post(url("listing_new"), new_form(client, url, action=action)).status_code == 400


def test_the_hidden_part_of_the_form_cannot_be_changed(client, editor, url):
    sent = new_form(client, url, title_en="First words")
    assert client.post(url("listing_new"), sent | {"start": sent["start"][:-1]}).status_code == 400


def test_a_session_may_end_after_midnight(client, editor, url):
    night = {"date": "2027-03-18", "start": "23:30", "end": "00:30", "join_url": "https://example.ca/night"}
    sent = with_sessions(new_form(client, url, title_en="Night shift"), night)
    assert client.post(url("listing_new"), sent).status_code == 302
    session = Series.objects.get().sessions.get()
    assert session.ends_at - session.starts_at == timedelta(hours=1)


def test_errors_name_the_session_link_to_the_field_and_keep_what_was_typed(client, editor, url):
    sent = with_sessions(
        new_form(client, url, summary_fr="Un résumé"),
        SESSION,
        {"title_en": "No date", "start": "12:00", "end": "9:00"},
    )
    response = client.post(url("listing_new"), sent)
    html = response.content.decode()
    assert response.status_code == 400
    assert '<a href="#id_title_en">Enter a title in English, in French or in both.</a>' in html
    assert '<a href="#id_sessions-1-date">Session 2: Enter the date.</a>' in html
    assert '<a href="#id_sessions-1-end">Session 2: A session must end after it starts.</a>' in html
    assert response.context["editor"].form["summary_fr"].value() == "Un résumé"
    assert rows(response)[1]["title_en"] == "No date"


def test_times_are_those_of_the_chosen_zone(client, editor, url):
    sent = with_sessions(
        new_form(client, url, title_en="First words", time_zone="America/St_Johns"), SESSION | {"start": "11:30"}
    )
    client.post(url("listing_new"), sent)
    assert f"{Series.objects.get().sessions.get().starts_at:%H:%M %Z}" == "14:00 UTC"


def test_a_time_that_the_clocks_skip_is_refused(client, editor, url):
    sent = with_sessions(
        new_form(client, url, title_en="First words"), {"date": "2027-03-14", "start": "02:30", "end": "04:00"}
    )
    response = client.post(url("listing_new"), sent)
    assert "Session 1: The clocks change at this time. Enter a later time." in response.content.decode()


def test_saving_without_a_change_changes_nothing(client, editor, url, now):
    series = SeriesFactory(
        hub=editor.hub, publication="draft", description_en="One.\n\nTwo.", registration_opens_at=now
    )
    SessionFactory(now=now, series=series, speakers_en="Someone\nSomeone else")
    Question.objects.create(series=series, kind="choice", label_en="Which?", options_en="This\nThat")
    before = Series.objects.values().get()
    sent = sent_from(client.get(url("listing_edit", series.pk)))
    for name in ("description_en", "sessions-0-speakers_en", "questions-0-options_en"):
        sent[name] = sent[name].replace("\n", "\r\n")  # as browsers send it
    assert client.post(url("listing_edit", series.pk), sent).status_code == 302
    after = Series.objects.values().get()
    assert {name for name in before if before[name] != after[name]} <= {"updated_at"}


def test_the_key_of_another_series_row_is_refused(client, editor, url, now):
    series = SessionFactory(now=now, hub=editor.hub, publication="draft").series
    foreign = SessionFactory(now=now, hub=HubFactory(), title_en="Theirs")
    question = Question.objects.create(series=foreign.series, label_en="Theirs?")
    form = sent_from(client.get(url("listing_edit", series.pk)))
    sent = form | {"sessions-0-pk": str(foreign.pk)}
    assert "belongs to another series" in client.post(url("listing_edit", series.pk), sent).content.decode()
    sent = form | {"questions-TOTAL_FORMS": "1", "questions-0-pk": str(question.pk), "questions-0-label_en": "Mine"}
    assert client.post(url("listing_edit", series.pk), sent | {"questions-0-kind": "text"}).status_code == 400
    foreign.refresh_from_db()
    assert (foreign.series.hub == editor.hub, foreign.title_en) == (False, "Theirs")


def test_the_meter_counts_what_is_written_in_each_language(client, editor, url):
    series = SeriesFactory(hub=editor.hub, publication="draft", title_fr="", summary_en="Short", credits_fr="Crédits")
    response = client.get(url("listing_edit", series.pk))
    assert [(m.language, m.done, m.total) for m in response.context["editor"].meters] == [("en", 2, 3), ("fr", 1, 3)]
    assert "2 of 3 texts" in response.content.decode()


def test_the_meter_speaks_of_one_text_in_the_singular(client, editor, url):
    series = SeriesFactory(hub=editor.hub, publication="draft", title_fr="", summary_en="Short", credits_fr="Crédits")
    with translation.override("fr"):
        page = client.get(url("listing", series.pk)).content.decode()
    assert "2 textes sur 3" in page
    assert "1 texte sur 3" in page
    assert 'data-one="{done} texte sur {total}"' in page
