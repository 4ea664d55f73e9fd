"""The plain text of an email has everything that its HTML shows: headings, lists, quotations, pictures, rules and links."""

import pytest

from outbox.plain_text import plain_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<h1>Title</h1><h2>Part</h2><h3>Detail</h3><p>Words</p>", "Title\n\nPart\n\nDetail\n\nWords\n"),
        ("<p>See <a href='https://a.ca/'>this</a>.</p>", "See this (https://a.ca/).\n"),
        ("<ul><li>one<br>more</li><li>two</li></ul><p>end</p>", "- one\n  more\n- two\n\nend\n"),
        ("<ol start='3'><li>c</li><li>d</li></ol>", "3. c\n4. d\n"),
        ("<ol><li><p>a</p><p>b</p></li><li><p>c</p></li></ol>", "1. a\n\n   b\n2. c\n"),
        ("<ul><li>a<ol><li>b</li></ol></li></ul><ul><li>c</li></ul>", "- a\n  1. b\n\n- c\n"),
        ("<blockquote><p>one<br>two</p></blockquote><p>end</p>", "> one\n> two\n\nend\n"),
        ("<blockquote><ul><li>one</li></ul></blockquote>", "> - one\n"),
        ("<p>a</p><hr><p>b</p><hr/><p>c</p>", "a\n\n* * *\n\nb\n\n* * *\n\nc\n"),
        ("<p><img src='x' alt='A pine'></p><p><img src='y' alt=''></p>", "[A pine]\n"),
        ("<div class='hide'>unseen<hr/></div><p>seen</p>", "seen\n"),
        ("<p>a &lt;script&gt; b</p>", "a <script> b\n"),
        ("<p>a</p><div class='foot'><p>why</p></div>", "a\n\n-- \nwhy\n"),
    ],
)
def test_each_element_becomes_text(html, text):
    assert plain_text(html) == text


def test_a_button_becomes_its_label_with_the_url_below_it():
    html = "<html lang='{}'><p><a class='button' href='https://a.ca/'>Go</a></p></html>"
    assert plain_text(html.format("en")) == "Go:\nhttps://a.ca/\n"
    assert plain_text(html.format("fr")) == "Go\u00a0:\nhttps://a.ca/\n"
    assert plain_text("<p><a class='button' href='https://a.ca/'>\n  Go\n</a></p>") == "Go:\nhttps://a.ca/\n"
