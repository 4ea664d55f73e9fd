"""What people agree to when they tick the box, in each version that was ever shown.

A request for consent has to say what it is for, who asks, their postal address and another way to reach them, and that
consent can be withdrawn (Canada's anti-spam law, s. 10(1), and the regulations of the CRTC, s. 4). The exact text is kept
with each consent, so never edit a version that people have seen: add one, and make it CURRENT.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.languages import current_language
from accounts.zones import PROJECT_ZONE
from newsletters.models import ConsentAction, ConsentEvent, Topic
from sessions_app.times import format_date


@dataclass(frozen=True)
class Wording:
    question: str  # above the topics, which are the purposes
    consent: str  # next to the box
    sender: str  # below it; the postal address and the email address follow


VERSIONS: dict[str, dict[str, Wording]] = {
    "2026-11": {
        "en": Wording(
            question="What would you like to receive by email?",
            consent=(
                "Yes, I want these emails from the Palliative Care ECHO Project, led by Pallium Canada. I can withdraw"
                " my consent at any time with the link in every email."
            ),
            sender="The sender is Pallium Canada",
        ),
        "fr": Wording(
            question="Que souhaitez-vous recevoir par courriel?",
            consent=(
                "Oui, je veux recevoir ces courriels du Projet ECHO sur les soins palliatifs, dirigé par Pallium Canada."
                " Je peux retirer mon consentement en tout temps à l’aide du lien présent dans chaque courriel."
            ),
            sender="L’expéditeur est Pallium Canada",
        ),
    },
}
CURRENT = "2026-11"


def current() -> Wording:
    """Return the current wording in the reader's language."""
    return VERSIONS[CURRENT][current_language()]


def sender_line() -> str:
    """Return who asks, with the postal address and the email address, in the reader's language."""
    address = ", ".join(line.strip() for line in settings.POSTAL_ADDRESS.splitlines() if line.strip())
    return ", ".join(filter(None, [current().sender, address, settings.CONTACT_EMAIL])) + "."


def agreement_line(step: ConsentEvent | None) -> str:
    """Return when and how someone agreed to our emails, in the reader's language. It may have been elsewhere, on a list that
    was imported."""
    zone = ZoneInfo(PROJECT_ZONE)
    if step is None:
        return ""
    if step.action != ConsentAction.IMPORTED:
        facts = {"date": format_date(step.at, zone, weekday=False)}
        return _("You agreed to our emails on %(date)s, with the form on this site.") % facts
    on = datetime.combine(date.fromisoformat(step.detail["consent_on"]), time(), zone)
    facts = {"date": format_date(on, zone, weekday=False), "source": step.page}
    return _("You agreed to our emails on %(date)s (source: %(source)s).") % facts


def as_shown(topics: Iterable[str], *, with_box: bool = True) -> str:
    """Return the whole text that someone agreed to, in the reader's language: the purposes they chose, the words next to
    the box, and the sender. `with_box` is false where they changed their topics later, on a page without a box."""
    purposes = [f"– {Topic(topic).label}" for topic in topics]
    box = [f"☑ {current().consent}"] if with_box else []
    return "\n".join([current().question, *purposes, *box, sender_line()])


def as_shown_in(language: str, topics: Iterable[str]) -> str:
    """Return the text of the form in `language`."""
    with translation.override(language):
        return as_shown(topics)
