"""Two people save the same series: the second one sees what changed, and overwrites nothing unseen."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.db import connection

from sessions_app.editing.data import read
from sessions_app.editing.errors import EditedMeanwhileError
from sessions_app.editing.merging import merge
from sessions_app.editing.saving import read_for_editing, save_listing
from sessions_app.models import Series
from tests.factories import HubFactory, SessionFactory, UserFactory


@pytest.fixture
def series(db, now):
    return SessionFactory(now=now, publication="draft", hub=HubFactory()).series


def save(series, data, revision, now):
    return save_listing(series, data, revision=revision, by=UserFactory(), now=now)


def test_the_second_editor_sees_what_the_first_one_saved(series, now):
    base = read_for_editing(series)
    save(series, base.data.with_values(title_en="Theirs", capacity=20), base.revision, now)
    mine = base.data.with_values(title_en="Mine", summary_fr="Mon résumé")
    with pytest.raises(EditedMeanwhileError) as error:
        save(series, mine, base.revision, now)
    assert error.value.current.values["title_en"] == "Theirs"
    merged, conflicts = merge(base.data, mine, error.value.current, series.zone)
    assert [(one.label, one.mine, one.theirs) for one in conflicts] == [("Title (English)", "Mine", "Theirs")]
    saved = save(series, merged, error.value.current_revision, now)
    assert (saved.series.title_en, saved.series.summary_fr, saved.series.capacity) == ("Mine", "Mon résumé", 20)


def test_a_form_that_is_sent_twice_is_no_conflict(series, now):
    base = read_for_editing(series)
    data = base.data.with_values(title_en="Once")
    for _ in range(2):
        save(series, data, base.revision, now)
    series.refresh_from_db()
    assert series.title_en == "Once"


def test_the_changes_that_wait_for_staff_count_too(series, now):
    Series.objects.update(publication="published")
    base = read_for_editing(series)
    save(series, base.data.with_values(capacity=20), base.revision, now)
    with pytest.raises(EditedMeanwhileError) as error:
        save(series, base.data.with_values(capacity=30), base.revision, now)
    assert error.value.current.values["capacity"] == 20


@pytest.mark.django_db(transaction=True)
def test_of_two_people_who_save_at_the_same_moment_one_is_stopped(now):
    series = SessionFactory(now=now, publication="draft").series
    base, people = read(series), [UserFactory(), UserFactory()]

    def save_as(number):
        try:
            data = replace(base.with_values(title_en=f"Title {number}"))
            save_listing(series, data, revision=0, by=people[number], now=now)
        except EditedMeanwhileError:
            return "stopped"
        finally:
            connection.close()
        return "saved"

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(save_as, range(2))) == ["saved", "stopped"]
    assert Series.objects.get().revision == 1
