"""Publications: PDF files that staff upload and anyone can download."""

import hashlib
from datetime import datetime
from typing import IO

from django.db import transaction

from newsletters.models import Publication, PublicationFile

# A download is read from the database in one piece, which takes five times as much memory. Readers are on phones, too.
MAX_BYTES = 5 * 1024 * 1024
CHECKSUM_LENGTH = 32
# Readers look for the header and the trailer in so many bytes at both ends (ISO 32000-1, annex H).
SEARCHED = 1024


class FileRefusedError(Exception):
    """The file cannot be published. The subclasses say why."""


class FileTooLargeError(FileRefusedError):
    """The file has more than MAX_BYTES."""


class NotAPdfError(FileRefusedError):
    """The file is not a PDF, or it is cut off."""


class LockedPdfError(FileRefusedError):
    """The PDF is encrypted, so screen readers may not be able to read it."""


def read_pdf(file: IO[bytes]) -> bytes:
    """Return the content of an uploaded PDF. Raises FileTooLargeError, NotAPdfError or LockedPdfError."""
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise FileTooLargeError
    if b"%PDF-" not in content[:SEARCHED] or b"%%EOF" not in content[-SEARCHED:]:
        raise NotAPdfError
    if b"/Encrypt" in content:
        raise LockedPdfError
    return content


@transaction.atomic
def save_file(publication: Publication, language: str, content: bytes, *, now: datetime) -> PublicationFile:
    """Publish this PDF in `language`, in place of the one there was. `content` comes from `read_pdf`."""
    values = {
        "content": content,
        "size": len(content),
        "checksum": hashlib.sha256(content).hexdigest()[:CHECKSUM_LENGTH],
        "uploaded_at": now,
    }
    file, _created = PublicationFile.objects.update_or_create(
        publication=publication, language=language, defaults=values
    )
    return file
