"""The emails about the review of listings. Their texts are here, and their pages in templates/sessions_app/email/.

Each renderer checks that its message is still true, and raises OutdatedMessage if it isn't.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.links import absolute_url
from outbox import message_types
from outbox.message_types import OutdatedMessage, RenderedEmail
from outbox.rendering import render_email
from sessions_app.editing.changes import Change, compare
from sessions_app.editing.data import from_json
from sessions_app.models import ChangeRequest, Publication, ReviewEntry, Series


@dataclass(frozen=True)
class ReviewEmail:
    """A message about one step of a review: true while the series is in that `publication`, if there is one."""

    subject: str | Promise
    heading: str | Promise
    text: str | Promise
    publication: Publication | None = None


TO_STAFF = {
    "listing-submitted": ReviewEmail(
        _("To review: %(title)s"),
        _("A hub submitted a listing."),
        _("Please review it. You can publish it, or return it to the hub with a comment."),
        Publication.SUBMITTED,
    ),
    "listing-changes-sent": ReviewEmail(
        _("Changes to review: %(title)s"),
        _("A hub wants to change a published listing."),
        _("The page stays as it is until you approve these changes."),
    ),
    "listing-comment-of-hub": ReviewEmail(
        _("Comment from the hub: %(title)s"),
        _("The hub wrote a comment on its listing."),
        _("You can answer in the review of the listing."),
    ),
}
TO_HUB = {
    "listing-returned": ReviewEmail(
        _("Please look at your listing again: %(title)s"),
        _("Your listing came back with a comment."),
        _("Change what is needed, then submit it again. You can also answer the comment."),
        Publication.DRAFT,
    ),
    "listing-published": ReviewEmail(
        _("Published: %(title)s"),
        _("Your listing is on the site."),
        _("People can find it now, and register from its opening time on."),
        Publication.PUBLISHED,
    ),
    "listing-comment-of-staff": ReviewEmail(
        _("Comment on your listing: %(title)s"),
        _("Pallium Canada wrote a comment on your listing."),
        _("You can answer in the review of the listing."),
    ),
    "listing-changes-approved": ReviewEmail(
        _("Your changes are live: %(title)s"),
        _("Your changes are approved and on the site."),
        _("We email the people these changes affect. You don’t need to do anything."),
    ),
    "listing-changes-returned": ReviewEmail(
        _("Please look at your changes again: %(title)s"),
        _("Your changes came back with a comment."),
        _("The page on the site stays as it was. You can edit the series and send your changes again."),
    ),
}


def register_message_types() -> None:
    for name, email in TO_STAFF.items():
        message_types.register(name, partial(render_to_staff, email))
    for name, email in TO_HUB.items():
        message_types.register(name, partial(render_to_hub, email))


def render_to_staff(email: ReviewEmail, data: dict[str, Any], now: datetime) -> RenderedEmail:
    entry = _entry(email, data)
    context: dict[str, Any] = {"link": _admin_link(entry.series), "author": entry.by, "changes": []}
    if "request" in data:
        request = ChangeRequest.objects.filter(pk=data["request"], state=ChangeRequest.State.WAITING).first()
        if request is None:
            raise OutdatedMessage("The changes no longer wait.")
        context["changes"] = changes_of(request)
        context["link"] = absolute_url(reverse("admin:sessions_app_changerequest_change", args=[request.pk]))
    return _render("to_staff", email, entry, context, reply_to=entry.series.contact_email)


def render_to_hub(email: ReviewEmail, data: dict[str, Any], now: datetime) -> RenderedEmail:
    entry = _entry(email, data)
    context = {"link": _workspace_link(entry.series), "author": _("Pallium Canada")}
    if email.publication == Publication.PUBLISHED:
        email = replace(email, text=_who_finds(entry.series) or email.text)
    return _render("to_hub", email, entry, context)


def _who_finds(series: Series) -> str:
    """Say who sees a published series that is unlisted or does not open for registration, or nothing for any other."""
    opens = series.registration_opens_at is not None
    if opens and not series.is_unlisted:
        return ""
    found = _("People who have the link can now see it.") if series.is_unlisted else _("People can find it now.")
    if opens:
        return str(found)
    to_do = _("They can’t register until you add when registration opens.")
    return f"{found} {to_do}"


def changes_of(request: ChangeRequest) -> list[Change]:
    """Return what the hub asked for, compared with the listing as it was then."""
    return compare(from_json(request.before), from_json(request.changes), request.series.zone)


def _entry(email: ReviewEmail, data: dict[str, Any]) -> ReviewEntry:
    entry = ReviewEntry.objects.select_related("series__hub", "by").filter(pk=data["entry"]).first()
    if entry is None:
        raise OutdatedMessage("The series was deleted.")
    if email.publication and entry.series.publication != email.publication:
        raise OutdatedMessage("The review has gone on since.")
    return entry


def _render(
    template: str, email: ReviewEmail, entry: ReviewEntry, context: dict[str, Any], *, reply_to: str = ""
) -> RenderedEmail:
    series = entry.series
    context |= {"email": email, "entry": entry, "series": series}
    subject = str(email.subject) % {"title": series.title}
    return render_email(f"sessions_app/email/{template}", subject, context, reply_to=reply_to)


def _admin_link(series: Series) -> str:
    return absolute_url(reverse("admin:sessions_app_series_change", args=[series.pk]))


def _workspace_link(series: Series) -> str:
    """Return the page of the listing in the workspace. National programming has only its public page."""
    if series.hub is None:
        return absolute_url(series)
    return absolute_url(reverse("workspace:listing", args=[series.hub.slug, series.pk]))
