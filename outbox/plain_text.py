"""Make the plain text of an email from its HTML, so that both always say the same.

It knows only the few elements that the portal's emails use.
"""

import re
from html.parser import HTMLParser

BLOCKS = {"h1", "h2", "p", "ul", "li", "div"}
UNSEEN = {"head", "style", "title"}


class _Reader(HTMLParser):
    """Collects blocks of text, separated by empty lines, except between the items of a list."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[str] = []
        self.words: list[str] = []
        self.unseen = 0
        self.links: list[tuple[str, bool, int]] = []  # address, is a button, where its words begin
        self.item = False
        self.colon = ":"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "html" and (given.get("lang") or "").startswith("fr"):
            self.colon = "\u00a0:"
        if tag in UNSEEN or "hide" in (given.get("class") or "").split():
            self.unseen += 1
        elif self.unseen:
            self.unseen += tag in BLOCKS
        elif tag in BLOCKS:
            self._end_block()
            self.item = self.item or tag == "li"
            if "foot" in (given.get("class") or "").split():
                self.blocks.append("-- ")
        elif tag == "br":
            self.words.append("\n")
        elif tag == "a":
            is_button = "button" in (given.get("class") or "").split()
            self.links.append((given.get("href") or "", is_button, len(self.words)))

    def handle_endtag(self, tag: str) -> None:
        if self.unseen:
            self.unseen -= tag in UNSEEN | BLOCKS
        elif tag == "a" and self.links:
            self._end_link(*self.links.pop())
        elif tag in BLOCKS:
            self._end_block()

    def handle_data(self, data: str) -> None:
        if not self.unseen:
            self.words.append(re.sub(r"[ \t\r\n]+", " ", data))

    def _end_link(self, address: str, is_button: bool, begins: int) -> None:
        label = "".join(self.words[begins:])
        if is_button:
            self.words.append(f"{self.colon}\n{address}")
        elif label not in (address, address.removeprefix("mailto:")):
            self.words.append(f" ({address})")

    def _end_block(self) -> None:
        lines = [line.strip(" ") for line in "".join(self.words).split("\n")]
        text = "\n".join(line for line in lines if line)
        self.words.clear()
        if text:
            self.blocks.append("- " + text.replace("\n", "\n  ") if self.item else text)
            self.item = False


def plain_text(html: str) -> str:
    """Return the email as text, ending in a line break. A button becomes its label with the URL below it."""
    reader = _Reader()
    reader.feed(html)
    reader._end_block()  # noqa: SLF001 - the same module
    text = ""
    for before, block in zip(["", *reader.blocks], reader.blocks, strict=False):
        close = (before.startswith("- ") and block.startswith("- ")) or before == "-- "
        text += f"\n{block}" if close else f"\n\n{block}"
    return text.strip("\n") + "\n"
