"""Pictures for the tests of logos, good and bad."""

import struct
import zlib
from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw

SCRIPT = b"<script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script><circle r="9"/></svg>'


def picture(size=(300, 120), form="PNG", mode="RGB", color="#0d5650", **options):
    """Return the bytes of a picture with a bar across it."""
    image = Image.new(mode, size, color)
    ImageDraw.Draw(image).rectangle([10, 10, size[0] - 10, 20], fill="white")
    file = BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def photo_with_location():
    """Return a JPEG that was taken sideways, with the place where it was taken and a comment."""
    exif = Image.Exif()
    exif[0x0112] = 6  # Orientation: turn by 90 degrees
    exif[0x010F] = "SecretPhone"
    exif.get_ifd(0x8825).update({1: "N", 2: (46.0, 29.0, 24.0), 3: "W", 4: (81.0, 0.0, 36.0)})
    return picture(size=(300, 120), form="JPEG", exif=exif, comment=SCRIPT)


def header_of_a_huge_png(width=10_000, height=5_000):
    """Return a small PNG whose header promises 50 megapixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def upload(content, name="logo.png"):
    return SimpleUploadedFile(name, content)
