"""Staff write issues in the admin, with pictures and previews. A sent issue can't be changed."""

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.forms.models import model_to_dict

from newsletters.models import Issue, Picture
from newsletters.services.pictures import add_picture, redraw
from tests.factories import HubFactory, IssueFactory, UserFactory
from tests.hubs.logo_files import SCRIPT, picture, upload
from tests.newsletters.conftest import words

pytestmark = pytest.mark.django_db
LIST = "/en/admin/newsletters/issue/"


@pytest.fixture
def editor():
    call_command("set_up_roles", verbosity=0)
    person = UserFactory(is_staff=True)
    person.groups.add(Group.objects.get(name="Newsletters"))
    return person


@pytest.fixture(autouse=True)
def _signed_in(client, editor):
    client.force_login(editor)


@pytest.fixture
def issue():
    return IssueFactory(slug="spring", slug_fr="printemps", title_en="Spring", title_fr="Printemps")


def fields(issue, *pictures, **changes):
    values = {name: value for name, value in model_to_dict(issue).items() if value is not None and name != "id"}
    values |= {"pictures-TOTAL_FORMS": len(pictures), "pictures-INITIAL_FORMS": sum("id" in one for one in pictures)}
    for number, one in enumerate(pictures):
        values |= {f"pictures-{number}-{name}": value for name, value in one.items()}
    return values | changes


def change(client, issue, *pictures, **changes):
    return client.post(f"{LIST}{issue.pk}/change/", fields(issue, *pictures, **changes))


def test_an_issue_is_written_in_both_languages(client, editor):
    draft = IssueFactory.build(audience_topic="newsletter")
    response = client.post(f"{LIST}add/", fields(draft))
    assert response.status_code == 302
    issue = Issue.objects.get()
    assert (issue.title_fr, issue.body_fr, issue.created_by) == (draft.title_fr, draft.body_fr, editor)


def test_the_two_languages_are_side_by_side_with_the_problems_above(client, issue):
    issue.body_fr = ""
    issue.save()
    page = client.get(f"{LIST}{issue.pk}/change/").content.decode()
    assert "fieldBox field-body_en" in page
    assert "fieldBox field-body_fr" in page
    assert 'href="#id_body_fr">The text is missing in French.' in page
    assert 'data-en="[[upcoming sessions]]"' in page
    assert 'data-fr="[[séances à venir]]"' in page


def test_who_it_goes_to_can_be_chosen(client, issue):
    hub = HubFactory()
    chosen = {"audience_languages": ["fr"], "audience_professions": ["physician"], "audience_provinces": ["QC", "NB"]}
    assert change(client, issue, **chosen, audience_hubs=[hub.pk]).status_code == 302
    issue.refresh_from_db()
    assert (issue.audience_languages, issue.audience_provinces) == (["fr"], ["NB", "QC"])
    assert list(issue.audience_hubs.all()) == [hub]


def test_the_form_says_that_only_those_who_chose_the_newsletter_get_it(client, issue):
    page = words(client.get(f"{LIST}{issue.pk}/change/"))
    assert '<option value="newsletter" selected>Everyone who chose the newsletter</option>' in page
    assert "Those who chose the newsletter and news of new sessions" in page
    assert "People who didn’t choose the newsletter never get it" in page
    assert change(client, issue, audience_topic="session-news").status_code == 302
    page = words(client.get(f"{LIST}{issue.pk}/send/"))
    assert "The audience is everyone who subscribed to the newsletter, and who:" in page
    assert "<li>also chose: New sessions for my profession or in my province</li>" in page


def test_a_slug_of_another_issue_is_refused_in_either_language(client, issue):
    IssueFactory(slug="summer", slug_fr="ete")
    assert "already has this address in French" in change(client, issue, slug="ete").content.decode()
    assert "already has this address in English" in change(client, issue, slug_fr="summer").content.decode()


def test_nobody_overwrites_what_someone_else_saved(client, issue):
    seen = issue.updated_at.isoformat()
    assert change(client, issue, seen=seen, title_en="Mine").status_code == 302
    page = change(client, issue, seen=seen, title_en="Theirs").content.decode()
    assert "Someone else saved this issue" in page
    assert Issue.objects.get().title_en == "Mine"


@pytest.mark.parametrize("state", ["sending", "sent", "stopped"])
def test_an_issue_that_was_sent_is_read_only(client, issue, state):
    Issue.objects.update(state=state)
    page = client.get(f"{LIST}{issue.pk}/change/").content.decode()
    assert "This issue was sent, so it can’t be changed." in page
    assert 'name="title_en"' not in page
    assert 'name="_save"' not in page
    assert 'name="_preview"' not in page
    assert change(client, issue, title_en="Other").status_code == 403
    assert client.post(f"{LIST}{issue.pk}/delete/", {"post": "yes"}).status_code == 403


def test_pictures_are_uploaded_described_and_shown_with_what_inserts_them(client, issue):
    new = {"file": upload(picture()), "alt_en": "A pine", "alt_fr": "Un pin"}
    assert change(client, issue, new).status_code == 302
    saved = Picture.objects.get(issue=issue)
    assert (saved.content_type, saved.width, saved.alt_fr) == ("image/png", 300, "Un pin")
    page = client.get(f"{LIST}{issue.pk}/change/").content.decode()
    assert saved.get_absolute_url() in page
    assert f"![](picture:{saved.pk})" in page
    assert f"Insert picture {saved.pk}" in page
    old = {"id": saved.pk, "issue": issue.pk, "alt_en": "A tall pine", "alt_fr": "Un grand pin"}
    assert change(client, issue, old).status_code == 302
    assert Picture.objects.get().alt_en == "A tall pine"
    assert change(client, issue, old | {"DELETE": "on"}).status_code == 302
    assert not Picture.objects.exists()


def test_a_file_that_is_no_picture_is_refused(client, issue):
    page = change(client, issue, {"file": upload(SCRIPT), "alt_en": "A pine"}).content.decode()
    assert "can’t read this picture" in page
    assert "Choose a file." in change(client, issue, {"alt_en": "A pine"}).content.decode()


class TestPreview:
    def test_saving_with_the_preview_button_leads_to_the_preview(self, client, issue):
        response = change(client, issue, _preview="Save and preview", title_en="Saved")
        assert response.url == f"{LIST}{issue.pk}/preview/"
        assert 'name="_preview"' in client.get(f"{LIST}add/").content.decode()
        assert Issue.objects.get().title_en == "Saved"

    def test_it_shows_the_email_in_two_widths_and_as_text_in_both_languages(self, client, issue):
        response = client.get(f"{LIST}{issue.pk}/preview/")
        page = response.content.decode()
        for language in ("en", "fr"):
            assert page.count(f'src="{LIST}{issue.pk}/preview/{language}/"') == 2
        assert "Tout va bien." in page
        assert "All is well." in page
        assert "\ue000" not in page
        assert "frame-src 'self'" in response["Content-Security-Policy"]

    def test_only_this_page_may_have_frames(self, client, issue, settings):
        policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"] | {"frame-src": ["'none'"]}  # as in production
        settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": policy}
        assert "frame-src 'none'" in client.get(f"{LIST}{issue.pk}/change/")["Content-Security-Policy"]
        assert "frame-src 'self'" in client.get(f"{LIST}{issue.pk}/preview/")["Content-Security-Policy"]

    def test_nothing_runs_in_the_frame_and_only_the_portal_may_show_it(self, client, issue):
        response = client.get(f"{LIST}{issue.pk}/preview/fr/")
        assert "Tout va bien." in response.content.decode()
        policy = response["Content-Security-Policy"]
        for directive in (
            "default-src 'none'",
            "frame-ancestors 'self'",
            "sandbox allow-same-origin",
            "form-action 'none'",
        ):
            assert directive in policy
        assert "script-src" not in policy
        assert response["X-Frame-Options"] == "SAMEORIGIN"
        assert client.get(f"{LIST}{issue.pk}/preview/de/").status_code == 404

    def test_the_live_preview_shows_the_text_without_saving_it(self, client, issue, now):
        shown = add_picture(issue, redraw(upload(picture())), alt_en="A pine", alt_fr="Un pin", now=now)
        body = {
            "language": "fr",
            "issue": issue.pk,
            "body": f"## Essai\n\n![](picture:{shown.pk})\n\n<script>x</script>",
        }
        html = client.post(f"{LIST}live-preview/", body).content.decode()
        assert "<h2>Essai</h2>" in html
        assert 'alt="Un pin"' in html
        assert "&lt;script&gt;" in html
        assert client.post(f"{LIST}live-preview/", body | {"issue": ""}).status_code == 200
        assert client.post(f"{LIST}live-preview/", body | {"language": "de"}).status_code == 404
        assert client.get(f"{LIST}live-preview/").status_code == 405
        issue.refresh_from_db()
        assert "Essai" not in issue.body_fr


class TestDuplicating:
    def test_the_copy_is_a_new_draft_with_its_own_pictures(self, client, issue, editor, now):
        shown = add_picture(issue, redraw(upload(picture())), alt_en="A pine", alt_fr="Un pin", now=now)
        hub = HubFactory()
        issue.audience_hubs.add(hub)
        Issue.objects.update(
            state="sent",
            published_at=now,
            body_en=f"![](picture:{shown.pk}) picture:{shown.pk}",
            audience_provinces=["QC"],
        )
        response = client.post(f"{LIST}{issue.pk}/duplicate/")
        copy = Issue.objects.exclude(pk=issue.pk).get()
        copied = copy.pictures.get()
        assert response.url == f"{LIST}{copy.pk}/change/"
        assert (copy.state, copy.published_at, copy.created_by) == ("draft", None, editor)
        assert (copy.slug, copy.slug_fr, copy.audience_provinces) == ("spring-2", "printemps-2", ["QC"])
        assert copied.pk != shown.pk
        assert copy.body_en == f"![](picture:{copied.pk}) picture:{shown.pk}"
        assert list(copy.audience_hubs.all()) == [hub]
        assert issue.pictures.count() == 1

    def test_it_can_be_done_again_and_only_by_post(self, client, issue):
        assert client.get(f"{LIST}{issue.pk}/duplicate/").status_code == 405
        client.post(f"{LIST}{issue.pk}/duplicate/")
        client.post(f"{LIST}{issue.pk}/duplicate/")
        assert sorted(Issue.objects.values_list("slug", flat=True)) == ["spring", "spring-2", "spring-3"]


def test_other_staff_see_nothing_of_it(client, issue):
    client.force_login(UserFactory(is_staff=True))
    for page in ("", f"{issue.pk}/change/"):
        assert client.get(f"{LIST}{page}").status_code == 403
    for page in (f"{issue.pk}/preview/", f"{issue.pk}/preview/en/"):
        assert client.get(f"{LIST}{page}").status_code == 404
    for page in (f"{issue.pk}/duplicate/", f"{issue.pk}/test/", "live-preview/"):
        assert client.post(f"{LIST}{page}", {"language": "en"}).status_code == 404
    client.logout()
    assert client.get(f"{LIST}{issue.pk}/preview/").status_code == 302


def test_the_list_takes_few_queries(client, django_assert_max_num_queries):
    for _ in range(5):
        IssueFactory()
    with django_assert_max_num_queries(7):
        assert client.get(LIST).status_code == 200
