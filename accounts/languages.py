"""The portal's two languages, and text that authors write in both.

A model has the columns `title_en` and `title_fr` and declares `title = Bilingual()`. `series.title` then returns the
text in the reader's language, or in the other one if that is missing, as a `Text` that knows its language.
"""

from typing import Any, Self

from django.utils.translation import get_language

LANGUAGES = ("en", "fr")


def current_language() -> str:
    """Return the active language, `en` or `fr`."""
    language = (get_language() or "en")[:2]
    return language if language in LANGUAGES else "en"


class Text(str):
    """A string that knows its language, so that templates can add a `lang` attribute where it differs from the page's."""

    __slots__ = ("lang",)
    lang: str

    def __new__(cls, value: str, lang: str) -> Self:
        text = super().__new__(cls, value)
        text.lang = lang
        return text


class Bilingual:
    """Descriptor that reads `<name>_en` or `<name>_fr`: the active language if it has text, otherwise the other one."""

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
