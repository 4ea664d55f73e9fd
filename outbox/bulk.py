"""Emails of which thousands are sent, each the same but for a few values: rendered once, then filled in as bytes."""

# Around the name of a value. Nobody types these characters: Unicode keeps them for private use.
OPEN, CLOSE = "\ue000", "\ue001"


def placeholder(name: str) -> str:
    """Return what stands in the text and in the HTML for a value that differs by recipient."""
    return f"{OPEN}{name}{CLOSE}"
