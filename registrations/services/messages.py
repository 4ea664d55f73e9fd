"""Messages that a hub's team writes to people of one of its series."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q

from accounts.models import User
from outbox.services import Draft, write
from registrations.models import HubMessage, Recipients, Registration, RegistrationQuerySet, RegistrationState
from registrations.registrants import Presence, with_presence
from registrations.services.notifications import NOTIFICATION_LIFETIME
from sessions_app.models import Series, Session

ABOUT_A_SESSION = (Recipients.ATTENDED, Recipients.ABSENT)
# The rows become due a few at a time, so that a confirmation or a sign-in code never waits behind a whole series.
DUE_IN_A_SECOND = 20
WRITTEN_AT_ONCE = 500


class IncompleteMessageError(Exception):
    """No language has both a subject and a text, or one language has only one of them."""


class NobodyError(Exception):
    """Nobody is in the group that the message is for."""


@dataclass(frozen=True)
class Audience:
    """Whom a message goes to. `session` is for those who attended it or did not, `selected` holds keys of registrations."""

    recipients: Recipients
    session: Session | None = None
    selected: Collection[int] = ()


@dataclass(frozen=True)
class Texts:
    """What a message says, in one language or both."""

    subject_en: str = ""
    body_en: str = ""
    subject_fr: str = ""
    body_fr: str = ""

    @property
    def languages(self) -> list[str]:
        return [language for language in ("en", "fr") if getattr(self, f"subject_{language}")]


def reachable(series: Series) -> RegistrationQuerySet:
    """Return the registrations of people whom the team can write to.

    Invited colleagues who have not confirmed are left out, because they have not registered, and so are closed accounts.
    """
    return Registration.objects.filter(series=series, user__closed_at=None).exclude(
        state=RegistrationState.CONFIRMED, held_until__isnull=False
    )


def audience_of(series: Series, audience: Audience) -> RegistrationQuerySet:
    """Return the registrations of `series` that a message to `audience` goes to now, one for each person.

    People who cancelled get no message, except about a session that they attended.
    """
    people = reachable(series)
    if audience.recipients in ABOUT_A_SESSION and audience.session:
        attended = with_presence(people, Presence.ATTENDED, audience.session)
        people = attended if audience.recipients == Recipients.ATTENDED else _absent(people, audience.session)
    elif audience.recipients == Recipients.SELECTED:
        people = people.active().filter(pk__in=audience.selected)
    elif audience.recipients == Recipients.EVERYONE:
        people = people.active()
    else:
        people = people.filter(state=audience.recipients)
    return people.order_by("user", "-pk").distinct("user")


def _absent(people: RegistrationQuerySet, session: Session) -> RegistrationQuerySet:
    missed = (with_presence(people, presence, session) for presence in (Presence.MISSED, Presence.DECLINED))
    return people.filter(Q(pk__in=next(missed).values("pk")) | Q(pk__in=next(missed).values("pk")))


def audience_sizes(series: Series) -> dict[str, int]:
    """Return how many people a message to each of the groups by state would go to."""
    states = {recipients: Q(state=recipients) for recipients in (Recipients.CONFIRMED, Recipients.WAITLISTED)}
    everyone = ~Q(state=RegistrationState.CANCELLED)
    groups = {recipients.value: state for recipients, state in {Recipients.EVERYONE: everyone, **states}.items()}
    return reachable(series).aggregate(**{name: Count("pk", filter=group) for name, group in groups.items()})


def count_languages(series: Series, audience: Audience) -> Counter[str]:
    """Return how many people of the audience get their email in each language."""
    return Counter(audience_of(series, audience).values_list("user__language", flat=True))


@transaction.atomic
def send_message(
    series: Series, audience: Audience, texts: Texts, *, by: User, token: UUID, now: datetime
) -> HubMessage:
    """Write one email to each person who is in the audience now. Returns the message.

    The same `token` returns the same message and sends nothing twice. Each email is checked again before it is sent:
    people who are no longer in the group don't get it. Replies go to the series' team. Raises IncompleteMessageError or NobodyError.
    """
    sent = HubMessage.objects.filter(token=token).first()
    if sent:
        return sent
    _check(texts)
    people = list(audience_of(series, audience).select_related("user"))
    if not people:
        raise NobodyError
    facts = {"recipients": audience.recipients, "session": audience.session, "by": by, "sent_at": now}
    message, is_new = HubMessage.objects.get_or_create(
        token=token, defaults={"series": series, "sent_to": len(people), **facts, **vars(texts)}
    )
    if not is_new:  # another click came first
        return message
    for start in range(0, len(people), WRITTEN_AT_ONCE):
        batch = enumerate(people[start : start + WRITTEN_AT_ONCE], start=start)
        write([_draft(message, registration, n, now) for n, registration in batch], now=now)
    return message


def _check(texts: Texts) -> None:
    for language in ("en", "fr"):
        subject, body = (getattr(texts, f"{name}_{language}").strip() for name in ("subject", "body"))
        if bool(subject) != bool(body):
            raise IncompleteMessageError
    if not texts.languages:
        raise IncompleteMessageError


def _draft(message: HubMessage, registration: Registration, n: int, now: datetime) -> Draft:
    return Draft(
        key=f"hub-message:{message.pk}:{registration.pk}",
        message_type="hub-message",
        to=registration.user.email,
        language=registration.user.language,
        data={"registration": registration.pk, "hub_message": message.pk},
        not_before=now + timedelta(seconds=n // DUE_IN_A_SECOND),
        expires_at=now + NOTIFICATION_LIFETIME,
    )
