""" "Tell me when it opens": one email when people can register for a series, and then the request is forgotten.

The email is checked again right before it is sent. If registration has closed by then, it is not sent, and the request
waits for the next opening.
"""

from datetime import datetime, timedelta
from uuid import uuid4

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from newsletters.models import OpeningNotice
from outbox.models import Message, State
from outbox.sending import TEMPORARY_REASON
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
# So many series may an address wait for, so that nobody can have a stranger's mailbox filled on the day when they open.
MOST_FOR_AN_ADDRESS = 10
BATCH = 1000
MESSAGE_TYPE = "registration-opened"

_FAILED_FOR_NOW = Q(state=State.FAILED, reason__regex=TEMPORARY_REASON)
# What becomes of the request once its email is in one of these states: it is forgotten, or the email is written again.
_SETTLED = Q(state__in=[State.SENT, State.UNCERTAIN, State.SUPPRESSED, State.UNSUBSCRIBED])
_FORGOTTEN_AFTER = _SETTLED | (Q(state=State.FAILED) & ~_FAILED_FOR_NOW) | Q(to="")  # the account was closed
_WRITTEN_AGAIN_AFTER = Q(state=State.EXPIRED) | _FAILED_FOR_NOW


class NothingToWaitForError(Exception):
    """Registration for the series is open already, or will not open again."""


class TooManyNoticesError(Exception):
    """The address waits for MOST_FOR_AN_ADDRESS other series already."""


@transaction.atomic
def ask_for_notice(series: Series, email: str, language: str, *, now: datetime) -> None:
    """Record that `email` wants to know when registration opens. Asking again changes nothing but the language.

    Raises NothingToWaitForError or TooManyNoticesError.
    """
    if registration_status(series, now) not in ASKED_IN:
        raise NothingToWaitForError
    theirs = OpeningNotice.objects.filter(email=email)
    _settle(theirs)
    if theirs.exclude(series=series).count() >= MOST_FOR_AN_ADDRESS:
        raise TooManyNoticesError
    fields = {"language": language}
    theirs.update_or_create(series=series, email=email, defaults=fields, create_defaults=fields | {"created_at": now})


def send_opening_notices(now: datetime) -> int:
    """Write the emails about series that people can register for now. Returns how many.

    Requests are deleted if their email was sent or never can be, if the series is over, cancelled or archived, or if they
    are older than KEPT_FOR.
    """
    _settle(OpeningNotice.objects.all())
    wanted = Series.objects.filter(pk__in=OpeningNotice.objects.values("series"))
    OpeningNotice.objects.filter(series__in=with_known_status(wanted, now, ENDED).order_by().values("pk")).delete()
    OpeningNotice.objects.filter(series__in=wanted.filter(publication=Publication.ARCHIVED).order_by()).delete()
    OpeningNotice.objects.filter(created_at__lt=now - KEPT_FOR).delete()
    waited_for = Series.objects.filter(pk__in=OpeningNotice.objects.filter(email_key="").values("series"))
    opened = with_known_status(waited_for.public(), now, TOLD_IN).order_by("pk")
    return sum(_write_for(series, now) for series in opened)


@transaction.atomic
def _settle(notices: QuerySet[OpeningNotice]) -> None:
    """Forget the requests whose email was sent, or never can be. Those whose email was dropped wait for the next opening.

    Staff can send a failed email again. Once another will be written in its place, they no longer can.
    """
    email = Message.objects.filter(key=OuterRef("email_key"))
    written = notices.exclude(email_key="")
    written.filter(Exists(email.filter(_FORGOTTEN_AFTER))).delete()
    again = written.filter(Exists(email.filter(_WRITTEN_AGAIN_AFTER)))
    failed = Message.objects.filter(_FAILED_FOR_NOW, key__in=again.values("email_key"))
    failed.update(state=State.EXPIRED, reason="Another email is written in its place.")
    again.update(email_key="")


def _write_for(series: Series, now: datetime) -> int:
    count = 0
    while written := _write_batch(series, now):
        count += written
    return count


@transaction.atomic
def _write_batch(series: Series, now: datetime) -> int:
    waiting = OpeningNotice.objects.filter(series=series, email_key="").order_by("pk")
    notices = list(waiting.select_for_update(skip_locked=True)[:BATCH])
    for notice in notices:
        notice.email_key = f"{MESSAGE_TYPE}:{notice.pk}:{uuid4()}"
    write([_draft(notice, now) for notice in notices], now=now)
    OpeningNotice.objects.bulk_update(notices, ["email_key"])
    return len(notices)


def _draft(notice: OpeningNotice, now: datetime) -> Draft:
    return Draft(
        key=notice.email_key,
        message_type=MESSAGE_TYPE,
        to=notice.email,
        language=notice.language,
        data={"series": notice.series_id},
        expires_at=now + USEFUL_FOR,
    )
