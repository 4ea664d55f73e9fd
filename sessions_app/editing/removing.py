"""Archive a listing, or delete a draft."""

from datetime import datetime

from django.db import transaction
from django.db.models import ProtectedError

from sessions_app.editing.errors import ListingDeletedError, WrongStepError
from sessions_app.editing.saving import lock
from sessions_app.models import Publication, Series
from sessions_app.status import is_past


def may_archive(series: Series, now: datetime) -> bool:
    """Whether nobody loses anything: a draft, or a published series that is past or cancelled."""
    is_over = series.publication == Publication.PUBLISHED and (series.is_cancelled or is_past(series, now))
    return is_over or series.publication == Publication.DRAFT


@transaction.atomic
def archive(series: Series, *, now: datetime) -> None:
    """Take a draft, or a series that is over, off the public pages and the usual lists. It can still be duplicated.

    Archiving twice changes nothing. Raises WrongStepError for a series that people can still attend.
    """
    series = lock(series)
    if series.publication == Publication.ARCHIVED:
        return
    if not may_archive(series, now):
        raise WrongStepError
    series.publication = Publication.ARCHIVED
    series.save()


@transaction.atomic
def delete_draft(series: Series) -> None:
    """Delete a draft that nobody ever registered for. Deleting twice changes nothing.

    Raises WrongStepError for any other series.
    """
    try:
        series = lock(series)
    except ListingDeletedError:
        return
    if series.publication != Publication.DRAFT:
        raise WrongStepError
    try:
        with transaction.atomic():
            series.delete()
    except ProtectedError as error:
        raise WrongStepError from error
