"""The Markdown of an issue, made into HTML that is safe to email and to show.

There are two walls: markdown-it makes no raw HTML, and nh3 lets only a few elements through. Links to the portal are paths, so
a page works under any address. `with_full_urls` completes them for email and feeds.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import nh3
from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token

from newsletters.blocks import read_block, render_block
from newsletters.cleaning import clean_text, without_special_characters
from newsletters.models import Picture

BLOCK_LINE = re.compile(r"\[\[(.*)\]\]\s*")
PICTURE_LINK = re.compile(r"picture:([0-9]{1,18})")
# As wide as the text of an email. Apps that ignore styles use it.
SHOWN_WIDTH = 550
TAGS = {"p", "br", "h2", "h3", "ul", "ol", "li", "blockquote", "hr", "strong", "em", "a", "img", "span", "div"}
ATTRIBUTES = {"a": {"href"}, "img": {"src", "alt", "width", "height"}, "ol": {"start"}, "*": {"lang"}}
URL_SCHEMES = {"http", "https", "mailto", "tel"}
PATHS = re.compile(r'(<(?:a|img)\b[^>]*?\s(?:href|src)=")/(?!/)')


@dataclass
class References:
    """What a text refers to: links, pictures (each with the description written there), and blocks."""

    links: list[str] = field(default_factory=list)
    pictures: list[tuple[str, str]] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)


def to_html(text: str, pictures: Mapping[int, Picture], now: datetime) -> str:
    """Return the text as HTML in the active language. `pictures` are those of the issue, by key."""
    env = {"pictures": pictures, "now": now}
    html = _markdown.render(clean_text(text), env)
    safe = nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=URL_SCHEMES, link_rel=None)
    return without_special_characters(safe)


def with_full_urls(html: str) -> str:
    """Return HTML of `to_html` with the portal's address before each path."""
    return PATHS.sub(rf"\1{settings.SITE_URL}/", html)


def references(text: str) -> References:
    """Return what the text refers to."""
    found = References()
    for token in _all_tokens(_markdown.parse(clean_text(text))):
        if token.type == "link_open":
            found.links.append(str(token.attrGet("href") or ""))
        elif token.type == "image":
            found.pictures.append((str(token.attrGet("src") or ""), token.content.strip()))
        elif token.type == "portal_block":
            found.blocks.append(token.content)
    return found


def picture_key(source: str) -> int | None:
    """Return the key of the picture in a reference such as "picture:3", or None if it is something else."""
    match = PICTURE_LINK.fullmatch(source)
    return int(match[1]) if match else None


def _all_tokens(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        if token.children and token.type != "image":
            yield from _all_tokens(token.children)


def _block_rule(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Recognize `[[…]]` on a line of its own, also right after a paragraph."""
    line = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]]
    match = BLOCK_LINE.fullmatch(line)
    if not match or state.is_code_block(start):
        return False
    if not silent:
        token = state.push("portal_block", "", 0)
        token.content, token.map = match[1], [start, start + 1]
        state.line = start + 1
    return True


def _render_portal_block(_renderer: Any, tokens: list[Token], place: int, _options: Any, env: dict[str, Any]) -> str:
    words = tokens[place].content
    block = read_block(words)
    return render_block(block, env["now"]) if block else format_html("<p>[[{}]]</p>\n", words)


def _render_heading(renderer: Any, tokens: list[Token], place: int, options: Any, env: Any) -> str:
    """The title of the issue is the only h1."""
    tokens[place].tag = "h2" if tokens[place].tag in ("h1", "h2") else "h3"
    return renderer.renderToken(tokens, place, options, env)


def _render_link(renderer: Any, tokens: list[Token], place: int, options: Any, env: Any) -> str:
    target = str(tokens[place].attrGet("href") or "")
    if target.startswith(f"{settings.SITE_URL}/"):
        tokens[place].attrSet("href", target.removeprefix(settings.SITE_URL))
    return renderer.renderToken(tokens, place, options, env)


def _render_picture(_renderer: Any, tokens: list[Token], place: int, _options: Any, env: dict[str, Any]) -> str:
    """Show a picture of the issue. Of any other picture only the description is shown: it would tell who reads the email."""
    written = tokens[place].content.strip()
    key = picture_key(str(tokens[place].attrGet("src") or ""))
    picture = env["pictures"].get(key)
    if picture is None:
        return format_html("{}", written)
    width = min(picture.width, SHOWN_WIDTH)
    height = round(picture.height * width / picture.width)
    url = reverse("newsletters:picture", args=[picture.checksum])
    alt = written or clean_text(picture.alt)
    return format_html('<img src="{}" alt="{}" width="{}" height="{}">', url, alt, width, height)


def _make_markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False})
    # A newsletter has no code, and indented lines should not become any by mistake.
    markdown.disable(["code", "fence", "backticks"])
    markdown.block.ruler.before("paragraph", "portal_block", _block_rule, {"alt": ["paragraph", "blockquote", "list"]})
    rules = {
        "portal_block": _render_portal_block,
        "heading_open": _render_heading,
        "heading_close": _render_heading,
        "link_open": _render_link,
        "image": _render_picture,
    }
    for name, rule in rules.items():
        markdown.add_render_rule(name, rule)
    return markdown


_markdown = _make_markdown()
