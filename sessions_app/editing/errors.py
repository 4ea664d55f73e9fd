"""Why an edit or a step of the review was refused. `str(error)` is a sentence for the page, in the reader's language."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sessions_app.editing.data import ListingData
from sessions_app.editing.merging import Conflict
from sessions_app.models import Question, Session
from sessions_app.times import format_date


class ListingRefusedError(Exception):
    """The base of all of these. Nothing was saved."""


class EditedMeanwhileError(ListingRefusedError):
    """Someone else saved first. `current` is what they saved (with what waits for staff), `revision` goes with it."""

    def __init__(self, current: ListingData, current_revision: int) -> None:
        super().__init__()
        self.current, self.current_revision = current, current_revision

    def __str__(self) -> str:
        return _("Someone else saved this series while you were editing. Check what changed, then save again.")


class ListingDeletedError(ListingRefusedError):
    """Someone deleted the series, usually a draft, a moment ago."""

    def __str__(self) -> str:
        return _("This series was deleted.")


class CapacityTooLowError(ListingRefusedError):
    def __init__(self, taken: int) -> None:
        super().__init__()
        self.taken = taken

    def __str__(self) -> str:
        message = ngettext(
            "%(n)s seat is already taken. Enter at least that many.",
            "%(n)s seats are already taken. Enter at least that many.",
            self.taken,
        )
        return message % {"n": self.taken}


class SessionTookPlaceError(ListingRefusedError):
    """A session that has ended, or that people attended, can be neither removed nor cancelled."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session

    def __str__(self) -> str:
        day = format_date(self.session.starts_at, self.session.series.zone)
        return _("The session on %(day)s has already taken place, so it has to stay.") % {"day": day}


class SessionCancelledError(ListingRefusedError):
    """A cancellation can't be undone: people were told, or soon will be."""

    def __str__(self) -> str:
        return _("This session is cancelled, so you can’t postpone it.")


class QuestionAnsweredError(ListingRefusedError):
    """A question that people have answered can be neither removed nor turned into another type."""

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question

    def __str__(self) -> str:
        return _(
            "People have already answered “%(question)s”. You can change its wording, but not its type, and you can’t remove it."
        ) % {"question": self.question}


class UnknownRowError(ListingRefusedError):
    """A session or question that is not one of this series."""

    def __str__(self) -> str:
        return _("A session or question on this page no longer exists. Open the page again.")


class NotAllowedToPublishError(ListingRefusedError):
    def __str__(self) -> str:
        return _("Your hub’s listings go to Pallium Canada for review. Submit it, and we’ll publish it.")


class NotAllowedToDuplicateError(ListingRefusedError):
    """Staff returned the series or took it off the site, and the hub could publish the copy without a review."""

    def __str__(self) -> str:
        return _("Pallium Canada returned this series or took it off the site, so you can’t duplicate it right now.")


class WrongStepError(ListingRefusedError):
    """The listing, or the changes to it, are no longer at the point where this step is possible."""

    def __str__(self) -> str:
        return _("This is no longer possible, because the status of the series has changed. Check it below.")


class CommentMissingError(ListingRefusedError):
    def __str__(self) -> str:
        return _("Write a comment, so the hub knows what to change.")


class TooManyCommentsError(ListingRefusedError):
    """The hub wrote too many comments within a day. Each one is an email to staff."""

    def __str__(self) -> str:
        return _("Your team has sent a lot of comments today. You can send more tomorrow.")


class ChangesConflictError(ListingRefusedError):
    """The series was edited after the hub sent its changes, and both touched the same thing."""

    def __init__(self, conflicts: list[Conflict]) -> None:
        super().__init__()
        self.conflicts = conflicts

    def __str__(self) -> str:
        return _("The series was edited after the hub sent these changes. Confirm that the hub’s version replaces it.")


class AlreadyOverError(ListingRefusedError):
    """A series that is past, cancelled or not published cannot be cancelled."""

    def __str__(self) -> str:
        return _("This series can’t be cancelled, because it is over or was never published.")
