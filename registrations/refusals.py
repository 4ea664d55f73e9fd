"""What the pages of staff and of hub teams say when a change to a registration is refused."""

from django.utils.translation import gettext as _

from registrations.services import NoSeatError, RegistrationRefusedError

REFUSALS = (RegistrationRefusedError, NoSeatError)


def refusal_text(refusal: Exception, *, by_hub: bool = False) -> str:
    """Return the sentence for an exception that is one of REFUSALS. `by_hub` is for pages of a hub's team."""
    if isinstance(refusal, RegistrationRefusedError):
        words = _("You can’t do this while the status of the series is “%(status)s”.")
        return words % {"status": refusal.status.label}
    if by_hub:
        return _("That series has no seats left. Edit its number of seats, or ask Pallium Canada to add one.")
    return _("That series has no seats left. Add a seat to it first.")
