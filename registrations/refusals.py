"""What the pages of staff and of hub teams say when a change to a registration is refused."""

from datetime import datetime

from django.utils.translation import gettext as _

from registrations.services import NoFreeSeatError, NoSeatError, RegistrationRefusedError, check_hub_may_promote
from sessions_app.models import Series

REFUSALS = (RegistrationRefusedError, NoSeatError)


def refusal_text(refusal: Exception, *, by_hub: bool = False) -> str:
    """Return the sentence for an exception that is one of REFUSALS. `by_hub` is for pages of a hub's team."""
    if isinstance(refusal, RegistrationRefusedError):
        words = _("You can’t do this while the status of the series is “%(status)s”.")
        return words % {"status": refusal.status.label}
    if isinstance(refusal, NoFreeSeatError):
        return _(
            "No seat is free, so nobody can skip the waitlist. Seats that you add go to the waitlist in order. Pallium "
            "Canada can add a seat for this person."
        )
    if by_hub:
        return _("That series has no seats left. Edit its number of seats, or ask Pallium Canada to add one.")
    return _("That series has no seats left. Add a seat to it first.")


def why_not_promote(series: Series, now: datetime) -> str:
    """Return why a hub's team can't let anyone skip the waitlist of the series now. Empty if it can."""
    try:
        check_hub_may_promote(series, now)
    except REFUSALS as refusal:
        return refusal_text(refusal, by_hub=True)
    return ""
