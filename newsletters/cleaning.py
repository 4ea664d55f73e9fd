"""Remove characters from what authors write that nobody sees but that change what others see."""

import re

# Unicode keeps them for private use. In a rendered issue they mark what differs by recipient (outbox/bulk.py).
PRIVATE = re.compile("[\ue000\ue001]")
# They turn the order of the letters around them (Unicode UAX #9), also beyond the text that they stand in.
DIRECTIONS = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def clean_text(text: str) -> str:
    """Return the text without marks that change its direction, characters for private use and control characters."""
    return DIRECTIONS.sub("", without_special_characters(text))


def one_line(text: str) -> str:
    """Return the cleaned text on one line, for a subject or a title."""
    return " ".join(clean_text(text).split())


def without_special_characters(text: str) -> str:
    """Return the text without characters for private use and without control characters, which XML forbids."""
    return CONTROLS.sub("", PRIVATE.sub("", text))
