"""Cancel a series, or cancel or postpone one session. These are urgent, so they never wait for staff."""

from datetime import datetime

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from sessions_app.editing.checking import taken_place
from sessions_app.editing.errors import (
    AlreadyOverError,
    SessionCancelledError,
    SessionTookPlaceError,
    UnknownRowError,
)
from sessions_app.editing.notifications import add_entry, in_both_languages
from sessions_app.editing.saving import lock, raise_revision, settle, waiting_request
from sessions_app.models import ChangeRequest, Delivery, Publication, ReviewStep, Series, Session
from sessions_app.status import Status, registration_status

SERIES_CANCELLED = _("The series was cancelled, so the changes that were waiting for approval were taken back.")
SESSION_CANCELLED = _(
    "The changes that were waiting for approval were about a session that was cancelled, so they were taken back."
)


@transaction.atomic
def cancel_series(series: Series, *, note_en: str = "", note_fr: str = "", by: User, now: datetime) -> None:
    """Cancel a published series. All registrations end, and each person gets the note in their language if both are
    written, else in the other one. Changes that wait for staff are taken back. Cancelling twice changes nothing.

    Raises AlreadyOverError if the series is past, or not published.
    """
    series = lock(series)
    if series.is_cancelled:
        return
    if series.publication != Publication.PUBLISHED or registration_status(series, now) == Status.PAST:
        raise AlreadyOverError
    series.is_cancelled = True
    series.revision += 1
    series.note_to_people = {"en": note_en.strip(), "fr": note_fr.strip()}
    series.save()
    waiting = waiting_request(series)
    if waiting:
        _take_back(waiting, series, SERIES_CANCELLED, by=by, now=now)


def cancel_session(session: Session, *, note_en: str = "", note_fr: str = "", by: User, now: datetime) -> None:
    """Cancel one session. People are told once, five minutes later, with the note as in `cancel_series`.

    Changes that wait for staff no longer hold the session, which they would bring back. Cancelling twice changes nothing.

    Raises SessionTookPlaceError.
    """
    with transaction.atomic():
        _set_delivery(session, Delivery.CANCELLED, note_en, note_fr, now)
        _leave_out_of_waiting(session, by, now)


def _leave_out_of_waiting(session: Session, by: User, now: datetime) -> None:
    """Take a cancelled session out of the changes that wait for staff. The caller has locked the series' row."""
    waiting = waiting_request(session.series)
    if waiting is None:
        return
    for data in (waiting.before, waiting.changes):
        data["sessions"] = [row for row in data["sessions"] if row["pk"] != session.pk]
    if waiting.before == waiting.changes:
        _take_back(waiting, session.series, SESSION_CANCELLED, by=by, now=now)
    else:
        waiting.save(update_fields=["before", "changes"])


def _take_back(waiting: ChangeRequest, series: Series, why: Promise, *, by: User, now: datetime) -> None:
    """Take back what waits for staff, and write down why. The caller has locked the series' row."""
    settle(waiting, ChangeRequest.State.TAKEN_BACK, by=by, now=now)
    add_entry(series, ReviewStep.WITHDRAWN, by=by, now=now, comment=in_both_languages(why))


def postpone_session(session: Session, *, note_en: str = "", note_fr: str = "", by: User, now: datetime) -> None:
    """Postpone one session: its new date is not known. A new date in the form schedules it again.

    People are told as of a cancelled session, with the note.

    Raises SessionTookPlaceError, and SessionCancelledError for a session that is cancelled.
    """
    _set_delivery(session, Delivery.POSTPONED, note_en, note_fr, now)


@transaction.atomic
def _set_delivery(session: Session, delivery: Delivery, note_en: str, note_fr: str, now: datetime) -> None:
    series = lock(session.series)
    try:
        session = Session.objects.select_related("series").get(pk=session.pk)
    except Session.DoesNotExist:  # someone removed it a moment ago
        raise UnknownRowError from None
    if session.delivery == delivery:
        return
    if session.delivery == Delivery.CANCELLED:
        raise SessionCancelledError
    if session.delivery == Delivery.HELD or taken_place(Session.objects.filter(pk=session.pk), now).exists():
        raise SessionTookPlaceError(session)
    session.delivery = delivery
    session.note_to_people = {"en": note_en.strip(), "fr": note_fr.strip()}
    session.save()
    raise_revision(series)
    series.refresh_from_db()
    series.save()  # what follows for the people in the series from its new dates
