"""Uploaded pictures. They are never served as they came: the portal decodes them, makes them small and draws them again.

So nothing that was hidden in the file gets through: no script, no EXIF data with a location, no comment, no second picture.
"""

import hashlib
from dataclasses import dataclass
from io import BytesIO
from typing import IO

from PIL import Image, ImageOps

FORMATS = ("PNG", "JPEG", "WEBP")
MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 6_000_000  # decoding them takes up to 110 MB of memory
CHECKSUM_LENGTH = 32
JPEG_QUALITY = 85
OPAQUE = 255


class PictureRefusedError(Exception):
    """The file cannot be used as a picture. The subclasses say why."""


class PictureTooLargeError(PictureRefusedError):
    """The file has more than MAX_BYTES."""


class PictureTooManyPixelsError(PictureRefusedError):
    """The picture has more than MAX_PIXELS, so decoding it would take too much memory."""


class PictureUnreadableError(PictureRefusedError):
    """The file is not a picture in one of the FORMATS, or it is damaged."""


@dataclass(frozen=True)
class RedrawnPicture:
    """A PNG or JPEG that the portal has drawn itself."""

    content: bytes
    content_type: str
    width: int
    height: int

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.content).hexdigest()[:CHECKSUM_LENGTH]


def redraw(file: IO[bytes], *, max_size: tuple[int, int], keep_photos: bool = False) -> RedrawnPicture:
    """Draw an uploaded picture again, at most `max_size`, without anything but its pixels. Of an animation, the first frame
    is kept. The result is a PNG. With `keep_photos`, a picture that came as JPEG or WebP and has no transparency is a JPEG.

    The size is read from the header, before a pixel is decoded. Raises PictureTooLargeError, PictureTooManyPixelsError or
    PictureUnreadableError.
    """
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise PictureTooLargeError
    try:
        _open(data).verify()  # checksums of a PNG; it has to be opened again after that
        original = _open(data)
        is_photo = keep_photos and original.format != "PNG"
        image, content = _draw(original, max_size), BytesIO()
        if is_photo and image.getchannel("A").getextrema() == (OPAQUE, OPAQUE):
            image.convert("RGB").save(content, "JPEG", quality=JPEG_QUALITY, optimize=True)
            content_type = "image/jpeg"
        else:
            image.save(content, "PNG", optimize=True)
            content_type = "image/png"
    except PictureRefusedError:
        raise
    except Exception as error:  # Pillow raises many kinds for a damaged file
        raise PictureUnreadableError from error
    return RedrawnPicture(content.getvalue(), content_type, image.width, image.height)


def _open(data: bytes) -> Image.Image:
    try:
        image = Image.open(BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureTooManyPixelsError from error
    if image.width * image.height > MAX_PIXELS:
        raise PictureTooManyPixelsError
    return image


def _draw(image: Image.Image, max_size: tuple[int, int]) -> Image.Image:
    """Return the pixels of the picture, upright and at most `max_size`, in red, green, blue and transparency."""
    image.draft("RGB", (max_size[0] * 2, max_size[0] * 2))  # a large JPEG is decoded smaller, which saves memory
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode != "RGBA":
        image = image.convert("RGBA")
    image.thumbnail(max_size, Image.Resampling.LANCZOS)
    image.info = {}  # an ICC profile would be written into the PNG
    return image
