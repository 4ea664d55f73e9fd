"""Make the plain text of an email from its HTML, so that both always say the same.

It knows only the elements that the portal's emails use, and those that Markdown makes.
"""

import re
from dataclasses import dataclass
from html.parser import HTMLParser

BLOCKS = {"h1", "h2", "h3", "p", "ul", "ol", "li", "div", "blockquote", "hr"}
RULE = "* * *"
SIGNATURE = "-- "


@dataclass
class _Container:
    """A list, an item of a list, or a quotation. `marker` stands before the first line of an item: "- " or "2. "."""

    tag: str
    marker: str = ""
    number: int | None = None  # of the next item, in a numbered list
    is_close: bool = False  # no empty line before this item
    is_used: bool = False  # it has an item, or a line

    def prefix(self) -> tuple[str, str]:
        """Return what stands before the first line of the next block in it, and before the lines after that."""
        if self.tag == "blockquote":
            return "> ", "> "
        indent = " " * len(self.marker)
        first, self.is_used = indent if self.is_used else self.marker, True
        return first, indent


@dataclass(frozen=True)
class _Block:
    text: str
    is_close: bool = False  # no empty line before it


class _Reader(HTMLParser):
    """Collects blocks of text, separated by empty lines, except between the items of a list."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[_Block] = []
        self.words: list[str] = []
        self.unseen = 0
        self.links: list[tuple[str, bool, int]] = []  # address, is a button, where its words begin
        self.containers: list[_Container] = []
        self.colon = ":"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        classes = (given.get("class") or "").split()
        if tag == "html" and (given.get("lang") or "").startswith("fr"):
            self.colon = "\u00a0:"
        if "hide" in classes:
            self.unseen += 1
        elif self.unseen:
            self.unseen += tag in BLOCKS - {"hr"}
        elif tag in BLOCKS:
            self._begin_block(tag, given, classes)
        elif tag == "br":
            self.words.append("\n")
        elif tag == "img" and given.get("alt"):
            self.words.append(f"[{given['alt']}]")
        elif tag == "a":
            self.links.append((given.get("href") or "", "button" in classes, len(self.words)))

    def handle_endtag(self, tag: str) -> None:
        if tag == "hr":  # written as <hr/>
            return
        if self.unseen:
            self.unseen -= tag in BLOCKS
        elif tag == "a" and self.links:
            self._end_link(*self.links.pop())
        elif tag in BLOCKS:
            self.end_block()
            if self.containers and self.containers[-1].tag == tag:
                self.containers.pop()

    def handle_data(self, data: str) -> None:
        if not self.unseen:
            self.words.append(re.sub(r"[ \t\r\n]+", " ", data))

    def _begin_block(self, tag: str, given: dict[str, str | None], classes: list[str]) -> None:
        self.end_block()
        if "foot" in classes:
            self.blocks.append(_Block(SIGNATURE))
        elif tag == "hr":
            self.blocks.append(_Block(RULE))
        elif tag in ("ul", "blockquote"):
            self.containers.append(_Container(tag))
        elif tag == "ol":
            self.containers.append(_Container(tag, number=int(given.get("start") or 1)))
        elif tag == "li":
            self._begin_item()

    def _begin_item(self) -> None:
        lists = [container for container in self.containers if container.tag in ("ul", "ol")] or [_Container("ul")]
        own, is_inner = lists[-1], len(lists) > 1
        marker = "- " if own.number is None else f"{own.number}. "
        self.containers.append(_Container("li", marker, is_close=own.is_used or is_inner))
        own.number, own.is_used = None if own.number is None else own.number + 1, True

    def _end_link(self, address: str, is_button: bool, begins: int) -> None:
        label = "".join(self.words[begins:])
        if is_button:
            self.words[begins:] = [label.strip(), f"{self.colon}\n{address}"]
        elif label not in (address, address.removeprefix("mailto:")):
            self.words.append(f" ({address})")

    def end_block(self) -> None:
        lines = [line.strip(" ") for line in "".join(self.words).split("\n")]
        lines = [line for line in lines if line]
        self.words.clear()
        if not lines:
            return
        items = [container for container in self.containers if container.tag == "li"]
        is_close = bool(items) and items[-1].is_close and not items[-1].is_used
        prefixes = [container.prefix() for container in self.containers if container.tag in ("li", "blockquote")]
        first, others = ("".join(parts) for parts in zip(*prefixes, strict=True)) if prefixes else ("", "")
        text = "\n".join(f"{others if number else first}{line}" for number, line in enumerate(lines))
        self.blocks.append(_Block(text, is_close))


def plain_text(html: str) -> str:
    """Return the email as text, ending in a line break. A button becomes its label with the URL below it."""
    opening, _, rest = html.partition("<head>")
    body = rest.partition("</head>")[2]  # reading the styles would take longer than reading the text
    reader = _Reader()
    reader.feed(opening + body)
    reader.end_block()
    text = ""
    for before, block in zip([_Block(""), *reader.blocks], reader.blocks, strict=False):
        is_close = block.is_close or before.text == SIGNATURE
        text += f"\n{block.text}" if is_close else f"\n\n{block.text}"
    return text.strip("\n") + "\n"
