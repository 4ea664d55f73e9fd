"""Staff publish PDF files in both languages, and anyone can download them."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from newsletters.fields import PDF_HINT, SENTENCES
from newsletters.models import Publication, PublicationFile
from newsletters.services import publications
from newsletters.services.publications import save_file
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n" + b"x" * 2000 + b"\n%%EOF\n"
ADD = "/en/admin/newsletters/publication/add/"
FIELDS = {"title_en": "Overview", "title_fr": "Aperçu", "slug": "overview", "is_on_home_page": "on"}


def upload(content=PDF):
    return SimpleUploadedFile("overview.pdf", content)


@pytest.fixture
def overview(now):
    publication = Publication.objects.create(slug="overview", title_en="Overview", title_fr="Aperçu")
    save_file(publication, "en", PDF, now=now)
    save_file(publication, "fr", PDF.replace(b"x" * 2000, b"y" * 1_200_000), now=now)
    return publication


@pytest.fixture
def staff(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))


def test_staff_upload_a_file_in_each_language(client, staff):
    assert client.post(ADD, FIELDS | {"file_en": upload(), "file_fr": upload()}).status_code == 302
    files = PublicationFile.objects.order_by("language")
    assert [(file.language, file.size) for file in files] == [("en", len(PDF)), ("fr", len(PDF))]


def test_a_publication_needs_both_languages(client, staff):
    page = client.post(ADD, FIELDS | {"file_en": upload()}).content.decode()
    assert "A publication has one in each language." in page
    assert not Publication.objects.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "This is not a PDF"),
        (b"<html>%%EOF", "This is not a PDF"),
        (PDF[:-10], "This is not a PDF"),
        (PDF.replace(b"xxx", b"/Encrypt 5 0 R", 1), "This PDF is protected"),
    ],
)
def test_other_files_are_refused(client, staff, content, words):
    page = client.post(ADD, FIELDS | {"file_en": upload(content), "file_fr": upload()}).content.decode()
    assert words in page
    assert not Publication.objects.exists()


def test_a_file_that_is_too_large_is_refused(client, staff, monkeypatch):
    monkeypatch.setattr(publications, "MAX_BYTES", 1000)
    page = client.post(ADD, FIELDS | {"file_en": upload(), "file_fr": upload()}).content.decode()
    assert "Save it as a PDF of at most 5 MB" in page
    assert not Publication.objects.exists()


def test_the_hint_the_error_and_the_proxy_have_the_same_limit(settings):
    megabytes = publications.MAX_BYTES // 2**20
    for sentence in (PDF_HINT, SENTENCES[publications.FileTooLargeError]):
        assert f" {megabytes} MB" in sentence
    both_files = f"client_max_body_size {2 * megabytes + 1}m;"
    assert both_files in (settings.BASE_DIR / "nginx.conf").read_text()


def test_a_new_file_replaces_the_old_one_and_the_other_language_stays(client, staff, overview):
    page = f"/en/admin/newsletters/publication/{overview.pk}/change/"
    assert "PDF, French, 1.2 MB" in client.get(page).content.decode()
    new = PDF.replace(b"xxx", b"new", 1)
    assert client.post(page, FIELDS | {"file_en": upload(new)}).status_code == 302
    assert bytes(overview.files.get(language="en").content) == new
    assert overview.files.count() == 2


def test_a_download_is_safe_and_is_not_sent_twice(client, overview, django_assert_num_queries):
    url = "/fr/bulletin/publications/overview-en.pdf"
    response = client.get(url)
    assert response.content == PDF
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == 'attachment; filename="overview-en.pdf"'
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert not response.cookies
    with django_assert_num_queries(1):
        assert client.get(url, headers={"if-none-match": response["ETag"]}).status_code == 304
    assert client.post(url).status_code == 405


def test_a_download_may_be_cached_and_a_new_file_is_noticed(client, overview, now):
    url = "/en/newsletter/publications/overview-en.pdf"
    response = client.get(url)
    assert response["Cache-Control"] == "public, max-age=3600"
    save_file(overview, "en", PDF + PDF, now=now)
    again = client.get(url, headers={"if-none-match": response["ETag"]})
    assert (again.status_code, again.content) == (200, PDF + PDF)


def test_the_size_is_known_without_reading_the_file(client, overview):
    url = "/en/newsletter/publications/overview-en.pdf"
    with CaptureQueriesContext(connection) as queries:
        response = client.head(url)
    assert (response.status_code, response["Content-Length"], response.content) == (200, str(len(PDF)), b"")
    assert response["ETag"] == client.get(url)["ETag"]
    assert not any('"content"' in query["sql"] for query in queries)


@pytest.mark.parametrize("name", ["other-en", "overview-de", "overview-\u202e", "overview"])
def test_other_files_are_not_found(client, overview, name):
    assert client.get(f"/en/newsletter/publications/{name}.pdf").status_code == 404


@pytest.mark.parametrize("page", ["/en/", "/en/newsletter/publications/"])
def test_pages_say_the_size_and_language_before_the_download(client, overview, page):
    html = client.get(page).content.decode()
    assert "(PDF, English, 2 KB)" in html
    assert html.index("overview-en.pdf") < html.index("overview-fr.pdf")


@pytest.mark.parametrize("page", ["/fr/", "/fr/bulletin/publications/"])
def test_french_pages_put_the_french_file_first(client, overview, page):
    html = client.get(page).content.decode()
    assert "(PDF, français, 1,2\u00a0Mo)" in html
    assert html.index("overview-fr.pdf") < html.index("overview-en.pdf")


def test_home_shows_only_what_is_meant_for_it(client, overview):
    Publication.objects.update(is_on_home_page=False)
    assert "overview-en.pdf" not in client.get("/en/").content.decode()
    assert "overview-en.pdf" in client.get("/en/newsletter/publications/").content.decode()


def test_without_a_publication_the_page_says_so_and_the_footer_leads_there(client):
    assert "We’re preparing the overview." in client.get("/en/newsletter/publications/").content.decode()
    assert 'href="/en/newsletter/publications/"' in client.get("/en/about/").content.decode()
