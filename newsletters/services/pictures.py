"""Pictures in issues."""

from datetime import datetime
from typing import IO

from hubs.services import pictures
from hubs.services.pictures import PictureRefusedError, RedrawnPicture
from newsletters.models import PUBLIC_STATES, Issue, Picture

# Twice as wide as an email shows it, for sharp screens. A picture may be tall.
MAX_SIZE = (1200, 1800)
# After it is drawn again. A JPEG of MAX_SIZE has less, a photo saved as PNG has several times as much.
MAX_BYTES = 1024 * 1024


class PictureTooHeavyError(PictureRefusedError):
    """The picture has more than MAX_BYTES, which is too much for an email that thousands open."""


def redraw(file: IO[bytes]) -> RedrawnPicture:
    """Draw an uploaded picture again, at most MAX_SIZE.

    Raises PictureTooHeavyError, and what `hubs.services.pictures.redraw` raises.
    """
    redrawn = pictures.redraw(file, max_size=MAX_SIZE, keep_photos=True)
    if len(redrawn.content) > MAX_BYTES:
        raise PictureTooHeavyError
    return redrawn


def add_picture(issue: Issue, redrawn: RedrawnPicture, *, alt_en: str, alt_fr: str, now: datetime) -> Picture:
    """Add a picture to an issue."""
    return Picture.objects.create(issue=issue, **picture_values(redrawn), alt_en=alt_en, alt_fr=alt_fr, made_at=now)


def picture_values(redrawn: RedrawnPicture) -> dict[str, object]:
    """Return the fields of a Picture that come from its file."""
    return {
        "content": redrawn.content,
        "content_type": redrawn.content_type,
        "width": redrawn.width,
        "height": redrawn.height,
        "checksum": redrawn.checksum,
    }


def is_public(checksum: str) -> bool:
    """Whether a public issue has the picture: one that is being sent, or was."""
    return Picture.objects.filter(checksum=checksum, issue__state__in=PUBLIC_STATES).exists()
