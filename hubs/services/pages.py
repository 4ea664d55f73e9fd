"""What a hub says about itself on its public page."""

from typing import Any

from accounts.models import User
from hubs.models import Hub

# A hub's coordinators edit these. Its name, its address and whether it is shown stay with staff.
PUBLIC_FIELDS = (
    "summary_en",
    "summary_fr",
    "description_en",
    "description_fr",
    "region_en",
    "region_fr",
    "provinces",
    "audience",
    "website",
    "contact_email",
)


def may_be_contact(hub: Hub, email: str) -> bool:
    """Whether the hub's team may enter this address for the hub's email: it is that of a member, or stays the same.

    The names of people who can't come are sent there, so only staff set any other address.
    """
    is_of_member = User.objects.filter(memberships__hub=hub, is_active=True, email=email).exists()
    return email in ("", hub.contact_email) or is_of_member


def update_page(hub: Hub, values: dict[str, Any]) -> None:
    """Save what a hub says about itself: a value for each of PUBLIC_FIELDS. Nothing else about the hub changes."""
    for name in PUBLIC_FIELDS:
        setattr(hub, name, values[name])
    hub.save(update_fields=PUBLIC_FIELDS)
