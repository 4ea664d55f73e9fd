"""Logos of hubs. An uploaded picture is never served: the portal decodes it, makes it small and draws it again as a PNG.

So nothing that was hidden in the file gets through: no script, no EXIF data with a location, no comment, no second picture.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import IO

from django.db import transaction
from PIL import Image, ImageOps

from hubs.models import Hub, Logo

FORMATS = ("PNG", "JPEG", "WEBP")
MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 6_000_000  # decoding them takes up to 110 MB of memory
MAX_SIZE = (640, 320)
CHECKSUM_LENGTH = 32


class LogoRefusedError(Exception):
    """The file cannot become a logo. The subclasses say why."""


class LogoTooLargeError(LogoRefusedError):
    """The file has more than MAX_BYTES."""


class LogoTooManyPixelsError(LogoRefusedError):
    """The picture has more than MAX_PIXELS, so decoding it would take too much memory."""


class LogoUnreadableError(LogoRefusedError):
    """The file is not a picture in one of the FORMATS, or it is damaged."""


@dataclass(frozen=True)
class RedrawnLogo:
    """A PNG that the portal has drawn itself, at most MAX_SIZE."""

    content: bytes
    width: int
    height: int

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.content).hexdigest()[:CHECKSUM_LENGTH]


def redraw(file: IO[bytes]) -> RedrawnLogo:
    """Draw an uploaded picture again, without anything but its pixels. Of an animation, the first frame is kept.

    The size is read from the header, before a pixel is decoded. Raises LogoTooLargeError, LogoTooManyPixelsError or
    LogoUnreadableError.
    """
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise LogoTooLargeError
    try:
        _open(data).verify()  # checksums of a PNG; it has to be opened again after that
        image = _draw(_open(data))
        content = BytesIO()
        image.save(content, "PNG", optimize=True)
    except LogoRefusedError:
        raise
    except Exception as error:  # Pillow raises many kinds for a damaged file
        raise LogoUnreadableError from error
    return RedrawnLogo(content.getvalue(), image.width, image.height)


def _open(data: bytes) -> Image.Image:
    try:
        image = Image.open(BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise LogoTooManyPixelsError from error
    if image.width * image.height > MAX_PIXELS:
        raise LogoTooManyPixelsError
    return image


def _draw(image: Image.Image) -> Image.Image:
    """Return the pixels of the picture, upright and at most MAX_SIZE, in red, green, blue and transparency."""
    image.draft("RGB", (MAX_SIZE[0] * 2, MAX_SIZE[0] * 2))  # a large JPEG is decoded smaller, which saves memory
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode != "RGBA":
        image = image.convert("RGBA")
    image.thumbnail(MAX_SIZE, Image.Resampling.LANCZOS)
    image.info = {}  # an ICC profile would be written into the PNG
    return image


@transaction.atomic
def save_logo(hub: Hub, redrawn: RedrawnLogo, *, alt_en: str, alt_fr: str, now: datetime) -> Logo:
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
