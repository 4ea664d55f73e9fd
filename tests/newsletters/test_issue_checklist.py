"""The checklist blocks a sending and says why."""

import pytest

from newsletters.models import Picture
from newsletters.services.checklist import blocking, check
from tests.factories import HubFactory, IssueFactory, SeriesFactory, SessionFactory

pytestmark = pytest.mark.django_db


def codes(audience=10, **fields):
    return [(problem.code, problem.field) for problem in check(IssueFactory(**fields), audience=audience)]


def test_a_complete_issue_has_no_problems():
    assert codes() == []
    assert codes(audience=None) == []


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"title_fr": " "}, ("no-title", "title_fr")),
        ({"body_fr": ""}, ("no-text", "body_fr")),
        ({"body_en": "\n"}, ("no-text", "body_en")),
        ({"body_en": "![x](picture:99)"}, ("unknown-picture", "body_en")),
        ({"body_fr": "![x](https://elsewhere.ca/dot.gif)"}, ("picture-elsewhere", "body_fr")),
        ({"body_fr": "[[météo]]"}, ("unknown-block", "body_fr")),
        ({"body_en": "[a](/en/nothing/)"}, ("link-broken", "body_en")),
        ({"body_en": "[a](/en/sessions/nothing/)"}, ("link-broken", "body_en")),
        ({"body_en": "[a](/en/hubs/nothing/?x=1#y)"}, ("link-broken", "body_en")),
        ({"body_en": "[a](/en/newsletter/issues/nothing/)"}, ("link-broken", "body_en")),
        ({"body_en": "[a](sessions/)"}, ("link-incomplete", "body_en")),
        ({"body_en": "[a](www.pallium.ca)"}, ("link-incomplete", "body_en")),
        ({"body_en": "[a](<>)"}, ("link-incomplete", "body_en")),
        ({"body_en": "[a](https://)"}, ("link-incomplete", "body_en")),
        ({"body_en": "[a](/en/admin/newsletters/issue/)"}, ("link-personal", "body_en")),
        ({"body_en": "[a](/en/workspace/)"}, ("link-personal", "body_en")),
        ({"body_en": "[a](/en/registration/join/1-1:x/)"}, ("link-personal", "body_en")),
    ],
)
def test_what_blocks_a_sending(fields, problem):
    issue = IssueFactory(**fields)
    found = blocking(check(issue, audience=10))
    assert [(one.code, one.field) for one in found] == [problem]
    assert found[0].sentence.endswith((".", "/", "1", ">", "]", "y", "x"))


def test_an_empty_audience_blocks():
    assert codes(audience=0) == [("empty-audience", "audience_topic")]


def test_a_long_subject_or_no_preview_line_deserves_a_look_but_does_not_block():
    issue = IssueFactory(title_en="long " * 20, preview_fr="")
    found = check(issue, audience=10)
    assert [problem.code for problem in found] == ["long-subject", "no-preview"]
    assert blocking(found) == []


def test_each_picture_needs_a_description_in_both_languages(now):
    issue = IssueFactory()
    values = {"content": b"", "content_type": "image/png", "width": 9, "height": 9, "checksum": "x", "made_at": now}
    picture = Picture.objects.create(issue=issue, alt_en="A pine", **values)
    (problem,) = check(issue, audience=10)
    assert (problem.code, problem.field, problem.anchor) == ("no-alt", "pictures", "pictures-group")
    assert problem.sentence == f"Picture {picture.pk} has no description in French, for people who can’t see it."


def test_links_to_public_pages_are_fine_in_either_slug(now):
    series = SessionFactory(now=now, slug="first-words", slug_fr="premiers-mots").series
    hub = HubFactory(slug="north")
    IssueFactory(slug="last", slug_fr="dernier", state="sent")
    links = [
        f"/en/sessions/{series.slug}/",
        "/en/sessions/?status=open",
        f"/en/hubs/{hub.slug}/",
        "/en/newsletter/issues/last/",
        "/en/about/#top",
        "https://pallium.ca/",
        "mailto:contact@echo.example.ca",
        "tel:+15145550100",
    ]
    assert codes(body_en=" ".join(f"[a]({link})" for link in links)) == []
    assert codes(body_fr="[a](/fr/seances/premiers-mots/) [b](/fr/bulletin/numeros/dernier/)") == []


def test_a_full_link_to_the_portal_is_checked_too(settings):
    settings.SITE_URL = "https://echo.example.ca"
    assert codes(body_en="[a](https://echo.example.ca/en/nothing/)") == [("link-broken", "body_en")]
    assert codes(body_en="[a](https://echo.example.ca.elsewhere.ca/en/nothing/)") == []


@pytest.mark.parametrize("publication", ["draft", "submitted", "archived"])
def test_a_link_to_a_page_that_is_not_public_blocks(publication):
    SeriesFactory(slug="soon", publication=publication)
    assert codes(body_en="[a](/en/sessions/soon/)") == [("link-hidden", "body_en")]


def test_a_link_to_a_hidden_hub_or_a_draft_issue_blocks():
    HubFactory(slug="quiet", is_listed=False)
    IssueFactory(slug="next")
    assert codes(body_en="[a](/en/hubs/quiet/)") == [("link-hidden", "body_en")]
    assert codes(body_en="[a](/en/newsletter/issues/next/)") == [("link-hidden", "body_en")]


def test_a_link_to_the_other_language_deserves_a_look():
    issue = IssueFactory(body_fr="[a](/en/about/)")
    (problem,) = check(issue, audience=10)
    assert (problem.code, problem.blocks) == ("link-language", False)


def test_the_same_link_is_named_once():
    assert len(codes(body_en="[a](/en/nothing/) [b](/en/nothing/)")) == 1
