"""Form fields for hubs, and for the pictures that people upload."""

from typing import IO, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hubs.services import logos, pictures
from hubs.services.pictures import RedrawnPicture

# The figures are those of services/pictures.py.
LOGO_HINT = _("PNG, JPEG or WebP, up to 5 MB. We make it smaller and remove hidden data, such as a location.")
SENTENCES = {
    pictures.PictureTooLargeError: _("This file is too large. Choose one of at most 5 MB."),
    pictures.PictureTooManyPixelsError: _("This picture is too large. Choose one of at most 3000 × 2000 pixels."),
    pictures.PictureUnreadableError: _(
        "We can’t read this picture. Save it as a PNG, JPEG or WebP file and try again."
    ),
}


class PictureField(forms.FileField):
    """An uploaded picture. Cleans to a `RedrawnPicture`, or to None if no file was chosen."""

    widget = forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"})
    default_error_messages = {"empty": SENTENCES[pictures.PictureUnreadableError]}
    sentences = SENTENCES  # what to say about each kind of PictureRefusedError

    def redraw(self, file: IO[bytes]) -> RedrawnPicture:
        raise NotImplementedError

    def clean(self, data: Any, initial: Any = None) -> RedrawnPicture | None:
        file = super().clean(data)
        if not file:
            return None
        try:
            return self.redraw(file)
        except pictures.PictureRefusedError as error:
            raise forms.ValidationError(self.sentences[type(error)]) from error


class LogoField(PictureField):
    """An uploaded logo."""

    def redraw(self, file: IO[bytes]) -> RedrawnPicture:
        return logos.redraw(file)
