"""Logos of hubs. The portal draws them again from the uploaded file (pictures.py)."""

from datetime import datetime
from typing import IO

from django.db import transaction

from hubs.models import Hub, Logo
from hubs.services import pictures
from hubs.services.pictures import RedrawnPicture

MAX_SIZE = (640, 320)


def redraw(file: IO[bytes]) -> RedrawnPicture:
    """Draw an uploaded logo again, as a PNG. Raises what `pictures.redraw` raises."""
    return pictures.redraw(file, max_size=MAX_SIZE)


@transaction.atomic
def save_logo(hub: Hub, redrawn: RedrawnPicture, *, alt_en: str, alt_fr: str, now: datetime) -> Logo:
    """Give the hub this logo, in place of the one it had. `alt_en` and `alt_fr` say what it shows, for those who can't see it.

    A new picture has a new address, so no browser goes on showing the old one.
    """
    values = {
        "content": redrawn.content,
        "width": redrawn.width,
        "height": redrawn.height,
        "checksum": redrawn.checksum,
        "alt_en": alt_en,
        "alt_fr": alt_fr,
        "made_at": now,
    }
    logo, _created = Logo.objects.update_or_create(hub=hub, defaults=values)
    return logo


@transaction.atomic
def describe_logo(hub: Hub, *, alt_en: str, alt_fr: str) -> None:
    """Change the description of the hub's logo. Raises Logo.DoesNotExist if it has none."""
    logo = Logo.objects.defer("content").select_for_update().get(hub=hub)
    logo.alt_en, logo.alt_fr = alt_en, alt_fr
    logo.save(update_fields=["alt_en", "alt_fr"])


@transaction.atomic
def remove_logo(hub: Hub) -> None:
    """Remove the hub's logo. Without one, nothing happens. Its address answers 404 from then on."""
    Logo.objects.filter(hub=hub).delete()
