"""Cancel a series, or cancel or postpone one session. These are urgent, so they never wait for staff."""

from datetime import datetime

from accounts.models import User
from sessions_app.models import Series, Session


def cancel_series(series: Series, *, note_en: str = "", note_fr: str = "", by: User, now: datetime) -> None:
    """Cancel a published series. All registrations end, and each person gets the note in their language if both are
    written. Cancelling twice changes nothing. Raises AlreadyOverError."""
    raise NotImplementedError


def cancel_session(session: Session, *, by: User, now: datetime) -> None:
    """Cancel one session. People are told five minutes later. Raises SessionTookPlaceError."""
    raise NotImplementedError


def postpone_session(session: Session, *, by: User, now: datetime) -> None:
    """Postpone one session. A new date in the form schedules it again. Raises SessionTookPlaceError."""
    raise NotImplementedError
