"""The portal's two languages, and text that authors write in both.

A model has `title_en` and `title_fr` as plain columns and declares `title = Bilingual()`. Reading `series.title` gives
the reader's language, or the other one if it is missing, as a `Text` that knows its language.
"""

from typing import Any, Self

from django.utils.translation import get_language

LANGUAGES = ("en", "fr")


def current_language() -> str:
    """Return `en` or `fr`, the active language."""
    language = (get_language() or "en")[:2]
    return language if language in LANGUAGES else "en"


class Text(str):
    """A string that knows its language, so that a page can mark it if it differs from the page's own."""

    __slots__ = ("lang",)
    lang: str

    def __new__(cls, value: str, lang: str) -> Self:
        text = super().__new__(cls, value)
        text.lang = lang
        return text


class Bilingual:
    """Reads `<name>_en` or `<name>_fr`: the reader's language if the authors wrote it, else the other one."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else self.read(instance, current_language())

    def read(self, instance: Any, language: str) -> Text:
        other = "fr" if language == "en" else "en"
        value = getattr(instance, f"{self.name}_{language}")
        if value:
            return Text(value, language)
        return Text(getattr(instance, f"{self.name}_{other}"), other)
