"""The search of the lists: which texts it covers, and what it refuses."""

import pytest
from django.db import connection

from sessions_app.models import Series, Session
from sessions_app.queries import narrowed
from tests.factories import SeriesFactory, SessionFactory


@pytest.fixture
def series(now):
    made = SeriesFactory(title_en="Éthique at home", summary_fr="Une approche", audience_note_en="For 100% of nurses")
    SessionFactory(now=now, days=9, series=made, title_en="Before the first word", speakers_fr="Dre Élise Okemaw")
    SessionFactory(now=now, days=9, title_en="Another series", speakers_en="Nobody")
    return made


def found(client, words):
    return [listing.series for listing in client.get("/en/sessions/", {"q": words}).context["page"].listings]


@pytest.mark.parametrize(
    "words", ["ethique", "ÉTHIQUE home", "approche", "100%", "first word", "okemaw elise", "thiqu"]
)
@pytest.mark.django_db
def test_every_text_is_found_without_capitals_and_accents(client, series, words):
    assert found(client, words) == [series]


@pytest.mark.parametrize("words", ["%", "_", "ethique nobody", "okemaw%"])
@pytest.mark.django_db
def test_words_are_taken_as_they_are_and_all_of_them_must_be_found(client, series, words):
    assert found(client, words) == ([series] if words == "%" else [])


@pytest.mark.django_db
def test_an_edit_is_found_at_once_also_one_in_bulk(client, series):
    Series.objects.filter(pk=series.pk).update(title_en="Grief")
    assert found(client, "grief") == [series]
    series.refresh_from_db()
    series.title_fr = "Le deuil"
    series.save()
    assert found(client, "deuil") == [series]


@pytest.mark.django_db
def test_what_sessions_say_is_found_in_their_series_whatever_changes_them(series, now):
    def matching(word):
        return list(narrowed(Series.objects.order_by("pk"), {"q": word}, now))

    other = Series.objects.exclude(pk=series.pk).get()
    Session.objects.filter(series=series).update(speakers_en="Prof. Zwicky")
    assert matching("zwicky") == [series]
    assert matching("okemaw") == [series]
    Session.objects.filter(series=series).update(series=other)
    assert matching("zwicky") == [other]
    Session.objects.filter(series=other).delete()
    assert matching("zwicky") == []


@pytest.mark.django_db
def test_more_than_six_words_get_a_sentence_and_the_list_without_the_search(client, series):
    page = client.get("/en/sessions/", {"q": "one two three four five six seven"})
    assert "Search: Enter at most 6 words." in page.content.decode()
    assert page.context["page"].count == 2
    page = client.get("/fr/seances/", {"q": "un deux trois quatre cinq six sept"})
    assert "Recherche : Entrez au plus 6 mots." in page.content.decode().replace("\u00a0", " ")
    assert found(client, "ethique " * 12) == [series]


@pytest.mark.django_db
def test_a_search_can_use_the_index(series, now):
    with connection.cursor() as cursor:  # the tables are too small for an index to be worth it
        for way in ("seqscan", "indexscan", "indexonlyscan"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
    assert "series_by_text" in narrowed(Series.objects.order_by(), {"q": "ethique"}, now).explain()
