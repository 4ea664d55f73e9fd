"""A series has a slug for each language: pages redirect to the right one, links use it, and slugs are unique."""

import importlib

import pytest
import time_machine
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.utils import translation

from sessions_app.models import Series
from tests.factories import SeriesFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
FORMSET = ("TOTAL_FORMS", "INITIAL_FORMS")


@pytest.fixture(autouse=True)
def _clock(now):
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def series(now):
    return SessionFactory(now=now, slug="pain-at-home", slug_fr="la-douleur-a-domicile").series


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("/fr/seances/pain-at-home/?a=b&c=%C3%A9", "/fr/seances/la-douleur-a-domicile/?a=b&c=%C3%A9"),
        ("/en/sessions/la-douleur-a-domicile/", "/en/sessions/pain-at-home/"),
        ("/fr/inscription/pain-at-home/?x=1", "/fr/inscription/la-douleur-a-domicile/?x=1"),
        ("/en/registration/la-douleur-a-domicile/", "/en/registration/pain-at-home/"),
    ],
)
def test_the_slug_of_the_other_language_redirects(client, series, address, target):
    response = client.get(address)
    assert (response.status_code, response["Location"]) == (301, target)
    assert client.get(target).status_code == 200


@pytest.mark.parametrize(
    ("page", "other"),
    [
        ("/en/sessions/pain-at-home/", "/fr/seances/la-douleur-a-domicile/"),
        ("/fr/seances/la-douleur-a-domicile/", "/en/sessions/pain-at-home/"),
        ("/en/registration/pain-at-home/?a=b", "/fr/inscription/la-douleur-a-domicile/?a=b"),
        ("/fr/inscription/la-douleur-a-domicile/", "/en/registration/pain-at-home/"),
    ],
)
def test_the_language_switch_links_directly_to_the_other_slug(client, series, page, other):
    content = client.get(page).content.decode()
    assert f'class="tongue" href="{other}"' in content
    assert f'href="http://127.0.0.1:8000{other}"' in content  # hreflang


def test_pages_link_to_the_slug_of_their_language(client, series):
    for page in ("/fr/seances/", "/fr/", "/fr/seances/mois/?month=2026-12", "/fr/seances/la-douleur-a-domicile/"):
        content = client.get(page).content.decode()
        body = content.partition('<main id="main"')[2]
        assert "la-douleur-a-domicile" in body, page
        assert "pain-at-home" not in body, page
    assert "la-douleur-a-domicile" not in client.get("/en/sessions/").content.decode()


def test_registration_pages_work_with_either_slug(client, series, now):
    person = UserFactory(with_profile=True, language="fr")
    client.force_login(person)
    assert client.post("/fr/inscription/pain-at-home/").status_code == 302
    assert person.registrations.count() == 1
    for slug in ("pain-at-home", "la-douleur-a-domicile"):
        panel = client.get(f"/fr/inscription/{slug}/panneau/")
        assert panel.status_code == 200
        assert "/fr/inscription/la-douleur-a-domicile/annuler/" in panel.content.decode()
        assert client.get(f"/fr/inscription/{slug}/annuler/").status_code == 200


def test_the_calendar_file_works_with_either_slug(client, series):
    for slug in ("pain-at-home", "la-douleur-a-domicile"):
        response = client.get(f"/fr/seances/{slug}.ics")
        assert response.status_code == 200
        assert 'filename="la-douleur-a-domicile-fr.ics"' in response["Content-Disposition"]
        assert b"/fr/seances/la-douleur-a-domicile/" in response.content.replace(b"\r\n ", b"")


def test_a_series_without_a_french_slug_uses_the_english_one(client, now):
    series = SessionFactory(now=now, slug="only-one").series
    assert client.get("/fr/seances/only-one/").status_code == 200
    with translation.override("fr"):
        assert series.get_absolute_url() == "/fr/seances/only-one/"


def test_an_unpublished_series_is_a_404_with_either_slug(client, now):
    SessionFactory(now=now, publication="draft", slug="hidden", slug_fr="cachee")
    for slug in ("hidden", "cachee"):
        assert client.get(f"/fr/seances/{slug}/").status_code == 404
        assert client.get(f"/fr/inscription/{slug}/").status_code == 404


@pytest.mark.parametrize(
    ("slug", "slug_fr", "invalid"),
    [("la-douleur-a-domicile", None, "slug"), ("new", "pain-at-home", "slug_fr"), ("new", "nouvelle", None)],
)
def test_a_slug_cannot_be_the_french_slug_of_another_series_or_the_reverse(series, slug, slug_fr, invalid):
    new = Series(slug=slug, slug_fr=slug_fr, title_en="New")
    if invalid:
        with pytest.raises(ValidationError) as error:
            new.full_clean()
        assert list(error.value.error_dict) == [invalid]
    else:
        new.full_clean()


def test_a_series_can_have_the_same_slug_in_both_languages(series):
    series.slug_fr = series.slug
    series.full_clean()


def test_the_admin_refuses_the_french_slug_of_another_series(client, series):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    empty = {f"{name}-{key}": "0" for name in ("sessions", "questions", "resources") for key in FORMSET}
    data = {"title_en": "New", "slug": "la-douleur-a-domicile", "language": "en", "publication": "draft"}
    page = client.post("/en/admin/sessions_app/series/add/", empty | data | {"time_zone": "America/Toronto"})
    assert "Another series already has this address in French." in page.content.decode()
    assert Series.objects.count() == 1


def import_csv(tmp_path, *rows):
    path = tmp_path / "programme.csv"
    path.write_text("\n".join(["title,title_fr", *rows]))
    call_command("import_programme", path, verbosity=0)


def test_an_imported_series_gets_a_french_slug_once(tmp_path):
    import_csv(tmp_path, "Grief in the Team,Le deuil dans l’équipe")
    assert Series.objects.values_list("slug", "slug_fr").get() == ("grief-in-the-team", "le-deuil-dans-l-equipe")
    before = Series.objects.get().updated_at
    import_csv(tmp_path, "Grief in the Team,Le deuil dans l’équipe")
    assert Series.objects.get().updated_at == before


def test_series_with_the_same_french_title_get_different_french_slugs(tmp_path):
    import_csv(tmp_path, "Grief One,Le deuil", "Grief Two,Le deuil", ",Seulement en français")
    assert list(Series.objects.order_by("pk").values_list("slug", "slug_fr")) == [
        ("grief-one", "le-deuil"),
        ("grief-two", "le-deuil-2"),
        ("seulement-en-francais", None),
    ]


def test_an_import_refuses_the_french_slug_of_another_series(tmp_path, series):
    with pytest.raises(CommandError, match=r"line 2: the series .* already has the address “la-douleur-a-domicile”"):
        import_csv(tmp_path, "La douleur à domicile,")
    assert Series.objects.count() == 1


def test_the_migration_gives_existing_series_their_french_slugs():
    taken = SeriesFactory(slug="le-deuil", title_en="", title_fr="Le deuil")
    first, second = (SeriesFactory(title_en="Grief", title_fr="Le deuil") for _ in range(2))
    english = SeriesFactory(title_fr="")
    with_slug = SeriesFactory(title_fr="Autre titre", slug_fr="choisie")
    migration = importlib.import_module("sessions_app.migrations.0007_fill_slug_fr")
    migration.fill(apps, None)
    migration.fill(apps, None)
    slugs = dict(Series.objects.values_list("pk", "slug_fr"))
    assert [slugs[each.pk] for each in (taken, first, second, english, with_slug)] == [
        None,
        "le-deuil-2",
        "le-deuil-3",
        None,
        "choisie",
    ]
