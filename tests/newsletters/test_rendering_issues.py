"""An issue becomes an email, as HTML and as text, and a web page, in each language."""

import pytest

from newsletters.rendering import render_issue
from outbox.bulk import placeholder
from tests.factories import IssueFactory

pytestmark = pytest.mark.django_db
SITE = "https://echo.example.ca"


@pytest.fixture(autouse=True)
def _site(settings):
    settings.SITE_URL = SITE
    settings.POSTAL_ADDRESS = "1550 Somewhere Street\nOttawa ON K1A 0A1"


def test_the_email_has_everything_that_the_law_and_readers_ask_for(now):
    rendered = render_issue(IssueFactory(slug="spring", title_en="Spring", preview_en="What grows."), "en", now=now)
    assert rendered.subject == "Spring"
    for part in (rendered.html, rendered.text):
        for words in (
            "Palliative Care ECHO Project",
            "Spring",
            "All is well.",
            "You’re receiving this newsletter because you agreed to receive it.",
            "1550 Somewhere Street",
            "contact@echo.example.ca",
            f"{SITE}/en/newsletter/issues/spring/",
            placeholder("preferences_url"),
            placeholder("unsubscribe_url"),
        ):
            assert words in part
    assert "What grows." in rendered.html
    assert '<html lang="en-CA"' in rendered.html
    assert 'style="' in rendered.html


def test_the_french_email_is_french_throughout(now):
    rendered = render_issue(IssueFactory(slug_fr="printemps", title_fr="Printemps"), "fr", now=now)
    assert rendered.subject == "Printemps"
    for words in (
        "Tout va bien.",
        f"{SITE}/fr/bulletin/numeros/printemps/",
        "Se désabonner",
        "Voir dans le navigateur",
    ):
        assert words in rendered.text
    assert "All is well." not in rendered.html


def test_the_web_page_has_only_the_text_and_no_placeholders(now):
    rendered = render_issue(IssueFactory(), "en", now=now)
    assert rendered.web == "<p>Hello.</p>\n<h2>News</h2>\n<p>All is well.</p>\n"


def test_placeholders_are_the_only_private_characters(now):
    issue = IssueFactory(
        title_en="T\ue000unsubscribe_url\ue001",
        preview_en="\ue000x\ue001",
        body_en="\ue000unsubscribe_url\ue001 [a](https://a.ca/\ue000unsubscribe_url\ue001)",
    )
    rendered = render_issue(issue, "en", now=now)
    assert rendered.subject == "Tunsubscribe_url"
    assert "\ue000" not in rendered.web
    left = rendered.html.replace(placeholder("unsubscribe_url"), "").replace(placeholder("preferences_url"), "")
    assert "\ue000" not in left
    assert rendered.html.count(placeholder("unsubscribe_url")) == 1


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("# A\n\n## B\n\n### C\n\n#### D", "<h2>A</h2>\n<h2>B</h2>\n<h3>C</h3>\n<h3>D</h3>\n"),
        ("* a\n* b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>\n'),
        ("> a\n\n---", "<blockquote>\n<p>a</p>\n</blockquote>\n<hr>\n"),
        ("**a** *b*", "<p><strong>a</strong> <em>b</em></p>\n"),
        ("[a](/en/hubs/)", '<p><a href="/en/hubs/">a</a></p>\n'),
        (f"[a]({SITE}/en/hubs/)", '<p><a href="/en/hubs/">a</a></p>\n'),
        ("[a](https://pallium.ca/?a=1&b=2)", '<p><a href="https://pallium.ca/?a=1&amp;b=2">a</a></p>\n'),
        ("    indented\n\n`code`", "<p>indented</p>\n<p>`code`</p>\n"),
        ("<b>raw</b>", "<p>&lt;b&gt;raw&lt;/b&gt;</p>\n"),
        ("[a](javascript:alert(1))", "<p>[a](javascript:alert(1))</p>\n"),
        ("[a](data:text/html,x)", "<p>[a](data:text/html,x)</p>\n"),
        ("![A dog](https://elsewhere.ca/dot.png)", "<p>A dog</p>\n"),
        ("[a](ftp://a.ca/)", "<p><a>a</a></p>\n"),
    ],
)
def test_markdown_becomes_plain_and_safe_html(now, markdown, html):
    assert render_issue(IssueFactory(body_en=markdown), "en", now=now).web == html


def test_links_to_the_portal_are_complete_in_the_email(now):
    issue = IssueFactory(body_en='[hubs](/en/hubs/ "Hubs") and ="/not a link/" and [other](//elsewhere.ca/)')
    rendered = render_issue(issue, "en", now=now)
    assert f'href="{SITE}/en/hubs/"' in rendered.html
    assert f"hubs ({SITE}/en/hubs/)" in rendered.text
    assert '="/not a link/"' in rendered.text
    assert "//elsewhere.ca/" in rendered.text


def test_a_missing_language_comes_in_the_other_one_and_is_marked(now):
    rendered = render_issue(IssueFactory(title_fr="", body_fr=""), "fr", now=now)
    assert '<h1 lang="en"' in rendered.html
    assert rendered.web.startswith('<div lang="en"><p>Hello.</p>')


def test_an_email_of_an_issue_takes_few_queries(now, django_assert_max_num_queries):
    issue = IssueFactory(body_en="[[upcoming sessions]]\n\n[[new hubs]]")
    with django_assert_max_num_queries(4):
        render_issue(issue, "en", now=now)
