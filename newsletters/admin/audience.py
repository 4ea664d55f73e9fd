"""The audience of an issue in words, and its size by language."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.choices import Profession, province_choices
from newsletters.models import Issue, Topic
from newsletters.services.sending import audience_by_language

# How the form asks for the topic. The newsletter goes only to people who chose it, so the other topics make the audience smaller.
TOPIC_CHOICES = [
    (Topic.NEWSLETTER, gettext_lazy("Everyone who chose the newsletter")),
    (Topic.SESSION_NEWS, gettext_lazy("Those who chose the newsletter and news of new sessions")),
    (Topic.REMINDERS, gettext_lazy("Those who chose the newsletter and reminders before sessions")),
]
TOPIC_HINT = gettext_lazy("People who didn’t choose the newsletter never get it: they agreed only to what they chose.")


@dataclass(frozen=True)
class LanguageRow:
    """What readers of one language get, and how many they are."""

    language: str
    name: str
    subject: str
    size: int


def sizes_by_language(issue: Issue, now: datetime) -> list[LanguageRow]:
    """Return a row for each language that the issue is for."""
    sizes = audience_by_language(issue, now)
    wanted = issue.audience_languages or [code for code, _name in settings.LANGUAGES]
    return [
        LanguageRow(code, str(name), getattr(issue, f"title_{code}"), sizes.get(code, 0))
        for code, name in settings.LANGUAGES
        if code in wanted
    ]


def limits_in_words(issue: Issue) -> list[str]:
    """Return one phrase for each limit of the audience, to follow "people who subscribed and". None means everyone."""
    narrower = [topic for topic in issue.topics if topic != Topic.NEWSLETTER]
    sentences = {
        _("also chose: %(names)s"): _names(Topic.choices, narrower),
        _("read it in: %(names)s"): _names(settings.LANGUAGES, issue.audience_languages),
        _("have one of these professions: %(names)s"): _names(Profession.choices, issue.audience_professions),
        _("live in: %(names)s"): _names(province_choices(), issue.audience_provinces),
        _("registered for a series of: %(names)s"): [str(hub.name) for hub in issue.audience_hubs.all()],
    }
    return [sentence % {"names": ", ".join(names)} for sentence, names in sentences.items() if names]


def _names(choices: Iterable[tuple[str, Any]], chosen: list[str]) -> list[str]:
    return [str(name) for value, name in choices if value in chosen]
