""" "Tell me when it opens": one email when people can register for a series, and then the request is forgotten."""

from datetime import datetime, timedelta

from django.db import transaction

from newsletters.models import OpeningNotice
from outbox.services import Draft, write
from sessions_app.models import Publication, Series
from sessions_app.queries import with_known_status
from sessions_app.status import Status, registration_status

# Where someone can ask to be told, and where there is something to tell: on a waitlist people can register too.
ASKED_IN = (Status.SOON, Status.FULL)
TOLD_IN = (Status.OPEN, Status.WAITLIST)
ENDED = (Status.CANCELLED, Status.PAST)
# A request for a series that never opens is deleted after this time.
KEPT_FOR = timedelta(days=365)
USEFUL_FOR = timedelta(days=2)
BATCH = 1000


class NothingToWaitForError(Exception):
    """Registration for the series is open already, or will not open again."""


def ask_for_notice(series: Series, email: str, language: str, *, now: datetime) -> None:
    """Record that `email` wants to know when registration opens. Asking again changes nothing but the language.

    Raises NothingToWaitForError.
    """
    if registration_status(series, now) not in ASKED_IN:
        raise NothingToWaitForError
    fields = {"language": language}
    OpeningNotice.objects.update_or_create(
        series=series, email=email, defaults=fields, create_defaults=fields | {"created_at": now}
    )


def send_opening_notices(now: datetime) -> int:
    """Write the emails about series that people can register for now, and delete their requests. Returns how many.

    Requests for series that are over, cancelled or archived are deleted too, and those that are older than KEPT_FOR.
    """
    wanted = Series.objects.filter(pk__in=OpeningNotice.objects.values("series"))
    opened = with_known_status(wanted.public(), now, TOLD_IN).order_by("pk")
    count = sum(_send_for(series, now) for series in opened)
    OpeningNotice.objects.filter(series__in=with_known_status(wanted, now, ENDED).order_by().values("pk")).delete()
    OpeningNotice.objects.filter(series__in=wanted.filter(publication=Publication.ARCHIVED).order_by()).delete()
    OpeningNotice.objects.filter(created_at__lt=now - KEPT_FOR).delete()
    return count


def _send_for(series: Series, now: datetime) -> int:
    count = 0
    while sent := _send_batch(series, now):
        count += sent
    return count


@transaction.atomic
def _send_batch(series: Series, now: datetime) -> int:
    notices = list(
        OpeningNotice.objects.filter(series=series).order_by("pk").select_for_update(skip_locked=True)[:BATCH]
    )
    write([_draft(notice, now) for notice in notices], now=now)
    OpeningNotice.objects.filter(pk__in=[notice.pk for notice in notices]).delete()
    return len(notices)


def _draft(notice: OpeningNotice, now: datetime) -> Draft:
    return Draft(
        key=f"registration-opened:{notice.series_id}:{notice.pk}",
        message_type="registration-opened",
        to=notice.email,
        language=notice.language,
        data={"series": notice.series_id},
        expires_at=now + USEFUL_FOR,
    )
