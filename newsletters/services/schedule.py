"""When an issue goes out, and taking that back. What is due is started in sending.py."""

from datetime import datetime, timedelta

from django.db import transaction

from newsletters.models import Issue, IssueState
from newsletters.services.checklist import blocking, check
from newsletters.services.sending import ChangedError, NotReadyError, audience

# A set time is at least this far away, so that it can still be taken back.
NOTICE = timedelta(minutes=5)
# Further away than this, a date is probably mistyped.
LATEST = timedelta(days=366)


class TooSoonError(Exception):
    """The time has passed, or is less than NOTICE away."""


class TooLateError(Exception):
    """The time is more than LATEST away."""


class AlreadySentError(Exception):
    """The issue was sent, or is being sent."""


def check_time(at: datetime, now: datetime) -> None:
    """Raise TooSoonError for a time in the past or less than NOTICE away, and TooLateError for one after LATEST."""
    if at < now + NOTICE:
        raise TooSoonError
    if at > now + LATEST:
        raise TooLateError


@transaction.atomic
def schedule(issue: Issue, at: datetime, *, now: datetime, seen: str | None = None) -> None:
    """Send the issue at `at`, instead of any time chosen before.

    It can still be edited. It goes to the people who are subscribed then, and the checklist is checked again. `seen` is the
    version that staff confirmed. Raises TooSoonError, TooLateError, NotReadyError, AlreadySentError or ChangedError.
    """
    check_time(at, now)
    locked = _locked(issue)
    if seen not in (None, locked.version):
        raise ChangedError
    if blocking(check(locked, audience=audience(locked, now).count())):
        raise NotReadyError
    _save(locked, IssueState.SCHEDULED, at)


@transaction.atomic
def back_to_draft(issue: Issue) -> None:
    """Make a scheduled or overdue issue a draft again. Raises AlreadySentError."""
    _save(_locked(issue), IssueState.DRAFT, None)


def _locked(issue: Issue) -> Issue:
    """Return the issue as it is saved, locked, so that its sending can't begin meanwhile. Raises AlreadySentError."""
    locked = Issue.objects.select_for_update().get(pk=issue.pk)
    if not locked.is_editable:
        raise AlreadySentError
    return locked


def _save(issue: Issue, state: IssueState, scheduled_at: datetime | None) -> None:
    issue.state, issue.scheduled_at = state, scheduled_at
    issue.save(update_fields=["state", "scheduled_at", "updated_at"])
