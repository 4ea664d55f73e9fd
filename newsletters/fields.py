"""Form fields for what staff upload."""

from typing import IO, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hubs.fields import SENTENCES as OF_ANY_PICTURE
from hubs.fields import PictureField
from hubs.services.pictures import RedrawnPicture
from newsletters.services import pictures
from newsletters.services.publications import (
    FileRefusedError,
    FileTooLargeError,
    LockedPdfError,
    NotAPdfError,
    read_pdf,
)

# The figures are those of services/publications.py.
PDF_HINT = _("A PDF of up to 5 MB, without a password.")
SENTENCES = {
    FileTooLargeError: _("This file is too large. Save it as a PDF of at most 5 MB, with smaller pictures."),
    NotAPdfError: _("This is not a PDF, or it is damaged. Save it as a PDF again."),
    LockedPdfError: _("This PDF is protected, so screen readers can’t read it. Save it without a password."),
}
TOO_HEAVY = _("This picture is too large for an email. Save it as a JPEG and try again.")


class IssuePictureField(PictureField):
    """A picture for an issue."""

    sentences = OF_ANY_PICTURE | {pictures.PictureTooHeavyError: TOO_HEAVY}

    def redraw(self, file: IO[bytes]) -> RedrawnPicture:
        return pictures.redraw(file)


class PdfField(forms.FileField):
    """An uploaded PDF. Cleans to its content, or to None if no file was chosen."""

    widget = forms.FileInput(attrs={"accept": "application/pdf"})
    default_error_messages = {"empty": SENTENCES[NotAPdfError]}

    def clean(self, data: Any, initial: Any = None) -> bytes | None:
        file = super().clean(data)
        if not file:
            return None
        try:
            return read_pdf(file)
        except FileRefusedError as error:
            raise forms.ValidationError(SENTENCES[type(error)]) from error
