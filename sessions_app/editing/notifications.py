"""Write each step of a review down, and email it to the other side, in the same transaction."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise

from accounts.models import User
from hubs.models import EDITING_ROLES, Membership
from outbox.services import Draft, was_written, write
from sessions_app.models import ChangeRequest, ReviewEntry, ReviewStep, Series

LIFETIME = timedelta(days=7)
ONE_EMAIL_WITHIN = timedelta(hours=1)
TO_STAFF = {
    ReviewStep.SUBMITTED: "listing-submitted",
    ReviewStep.CHANGES_SENT: "listing-changes-sent",
    ReviewStep.COMMENTED: "listing-comment-of-hub",
}
TO_HUB = {
    ReviewStep.RETURNED: "listing-returned",
    ReviewStep.PUBLISHED: "listing-published",
    ReviewStep.COMMENTED: "listing-comment-of-staff",
    ReviewStep.CHANGES_APPROVED: "listing-changes-approved",
    ReviewStep.CHANGES_RETURNED: "listing-changes-returned",
}


def add_entry(
    series: Series,
    step: ReviewStep,
    *,
    by: User,
    now: datetime,
    comment: str = "",
    from_staff: bool = False,
    request: ChangeRequest | None = None,
) -> ReviewEntry:
    """Add a step to the review. What the hub does goes to staff, what staff do to those of the hub who edit listings,
    except the person who did it.

    Staff get one email for each change request, however often it is sent again. When a series or changes to it are
    submitted, taken back and submitted again, they get at most one email an hour."""
    entry = ReviewEntry.objects.create(series=series, step=step, by=by, at=now, comment=comment.strip())
    data = {"entry": entry.pk} | ({"request": request.pk} if request else {})
    if step in TO_STAFF and not from_staff:
        prefix = f"{TO_STAFF[step]}:{series.pk}:"
        if step == ReviewStep.COMMENTED or not was_written(prefix, since=now - ONE_EMAIL_WITHIN):
            _write_to_staff(TO_STAFF[step], f"{prefix}{request.pk if request else entry.pk}", data, now)
    elif step in TO_HUB:
        _write_to_hub(series, TO_HUB[step], f"review:{entry.pk}", data, by=by, now=now)
    return entry


def in_both_languages(sentence: Promise) -> str:
    """Return a sentence that we write into the review, for readers of either language."""
    sentences = []
    for language, _label in settings.LANGUAGES:
        with translation.override(language):
            sentences.append(str(sentence))
    return "\n\n".join(sentences)


def _write_to_staff(message_type: str, key: str, data: dict[str, Any], now: datetime) -> None:
    draft = Draft(key, message_type, settings.CONTACT_EMAIL, settings.LANGUAGE_CODE, data, now + LIFETIME)
    write([draft], now=now)


def _write_to_hub(
    series: Series, message_type: str, key: str, data: dict[str, Any], *, by: User, now: datetime
) -> None:
    team = Membership.objects.filter(hub=series.hub_id, role__in=EDITING_ROLES, user__is_active=True)
    people = [one.user for one in team.exclude(user=by).select_related("user").order_by("pk")]
    drafts = [Draft(f"{key}:{one.pk}", message_type, one.email, one.language, data, now + LIFETIME) for one in people]
    write(drafts, now=now)
