"""Announce the changes of a session once, five minutes after the first edit, however many edits there were."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from outbox.services import Draft, write
from registrations.models import Announcement, Registration, RegistrationQuerySet, RegistrationState
from registrations.services.notifications import NOTIFICATION_LIFETIME, notification
from sessions_app.models import Delivery, Resource, ResourceKind, Session

# Edits are gathered for this long. A change that is undone meanwhile is not announced.
GATHERED_FOR = timedelta(minutes=5)
RECORDING_NOTICE_LIFETIME = timedelta(days=7)


@transaction.atomic
def record_session_change(session: Session, *, created: bool, now: datetime) -> None:
    """Compare a session that was just saved with what people were last told, and start or stop the five minutes.

    A note to people (`session.note_to_people`) is kept until then, unless the session takes place after all.
    """
    announced = None if created else Announcement.objects.select_for_update().filter(session=session).first()
    if announced is None:
        has_people = created and _concerned(session).exists()
        # people who are already registered must hear of a new date
        facts = {} if has_people else Announcement.facts_of(session)
        Announcement.objects.create(session=session, changed_at=now if has_people else None, **facts)
        return
    is_news = any(getattr(announced, name) != value for name, value in Announcement.facts_of(session).items())
    announced.changed_at = (announced.changed_at or now) if is_news else None
    if not is_news or not session.is_off:
        announced.note = {}
    elif session.note_to_people:
        announced.note = dict(session.note_to_people)
    announced.save(update_fields=["changed_at", "note"])


def notify_session_changes(now: datetime) -> int:
    """Write the messages for sessions that changed five minutes ago and that people still plan with. Returns how many."""
    _create_missing_announcements(now)
    due = Announcement.objects.filter(changed_at__lte=now - GATHERED_FOR).order_by("pk").values_list("pk", flat=True)
    return sum(_notify_change(pk, now) for pk in due)


@transaction.atomic
def _notify_change(pk: int, now: datetime) -> int:
    announced = Announcement.objects.select_for_update(of=["self"]).select_related("session__series").get(pk=pk)
    if announced.changed_at is None or announced.changed_at > now - GATHERED_FOR:
        return 0
    session = announced.session
    drafts = list(_drafts(announced, now)) if matters(announced, now) and not session.series.is_cancelled else []
    write(drafts, now=now)
    for name, value in Announcement.facts_of(session).items():
        setattr(announced, name, value)
    announced.changed_at, announced.note = None, {}
    announced.save()
    return len(drafts)


def _drafts(announced: Announcement, now: datetime) -> Iterator[Draft]:
    session, changed_at = announced.session, announced.changed_at
    known = Q(state=RegistrationState.CONFIRMED, confirmed_at__lt=changed_at) | Q(
        state=RegistrationState.WAITLISTED, waitlisted_at__lt=changed_at
    )
    people = _concerned(session).filter(known)  # people who registered later have seen the new time
    if only_the_link_changed(announced):
        people = people.coming()
    until = max(session.ends_at, now + NOTIFICATION_LIFETIME)
    data = what_was_told(announced) | {"note": announced.note}
    for registration in people.select_related("user").order_by("pk"):
        key = f"session-changed:{session.pk}:{registration.pk}:{changed_at:%Y%m%dT%H%M%S%f}"
        yield notification(registration, "session-changed", now, key=key, expires_at=until, **data)


def matters(announced: Announcement, now: datetime) -> bool:
    """Whether people must hear that a session changed: it has not ended, or they wait for its new date and it is cancelled."""
    session = announced.session
    was_awaited = announced.delivery == Delivery.POSTPONED and session.delivery == Delivery.CANCELLED
    return session.ends_at > now or was_awaited


def what_was_told(announced: Announcement) -> dict[str, Any]:
    """Return the data of the emails about a changed session: which session, and what people knew of it before."""
    return {
        "session": announced.session.pk,
        "old_starts_at": announced.starts_at and announced.starts_at.isoformat(),
        "old_ends_at": announced.ends_at and announced.ends_at.isoformat(),
        "old_delivery": announced.delivery,
    }


def _concerned(session: Session) -> RegistrationQuerySet:
    """Return the registrations of people who plan with the session's date: with a seat, waitlisted, or invited."""
    return Registration.objects.filter(
        series=session.series_id, state__in=[RegistrationState.CONFIRMED, RegistrationState.WAITLISTED]
    )


def only_the_link_changed(announced: Announcement) -> bool:
    """Whether only the link to join changed, which does not concern people without a seat."""
    facts = Announcement.facts_of(announced.session)
    return all(getattr(announced, name) == value for name, value in facts.items() if name != "join_url")


def _create_missing_announcements(now: datetime) -> None:
    """Create announcements for sessions that were written in bulk, without a save. Their present facts count as known."""
    unknown = Session.objects.filter(announcement=None, ends_at__gt=now)
    Announcement.objects.bulk_create(
        [Announcement(session=session, **Announcement.facts_of(session)) for session in unknown], ignore_conflicts=True
    )


def notify_recording(resource: Resource, *, now: datetime) -> int:
    """Email the link to a new recording to everyone who had a seat or asked for it. Returns how many."""
    if resource.kind != ResourceKind.RECORDING:
        return 0
    people = Registration.objects.filter(
        series=resource.series_id, state__in=[RegistrationState.CONFIRMED, RegistrationState.RECORDING], held_until=None
    )
    name, until = "recording-available", now + RECORDING_NOTICE_LIFETIME
    drafts = [
        notification(one, name, now, key=f"{name}:{resource.pk}:{one.pk}", expires_at=until, resource=resource.pk)
        for one in people.select_related("user").order_by("pk")
    ]
    write(drafts, now=now)
    return len(drafts)
