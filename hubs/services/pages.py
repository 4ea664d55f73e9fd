"""What a hub says about itself on its public page."""

from typing import Any

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


def update_page(hub: Hub, values: dict[str, Any]) -> None:
    """Save what a hub says about itself: a value for each of PUBLIC_FIELDS. Nothing else about the hub changes."""
    for name in PUBLIC_FIELDS:
        setattr(hub, name, values[name])
    hub.save(update_fields=PUBLIC_FIELDS)
