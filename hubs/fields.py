"""Form fields for hubs."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hubs.services import logos

# The figures are those of services/logos.py.
LOGO_HINT = _("PNG, JPEG or WebP, up to 5 MB. We make it smaller and remove hidden data, such as a location.")
SENTENCES = {
    logos.LogoTooLargeError: _("This file is too large. Choose one of at most 5 MB."),
    logos.LogoTooManyPixelsError: _("This picture is too large. Choose one of at most 3000 × 2000 pixels."),
    logos.LogoUnreadableError: _("We can’t read this picture. Save it as a PNG, JPEG or WebP file and try again."),
}


class LogoField(forms.FileField):
    """An uploaded logo. Cleans to a `RedrawnLogo`, or to None if no file was chosen."""

    widget = forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"})
    default_error_messages = {"empty": SENTENCES[logos.LogoUnreadableError]}

    def clean(self, data: Any, initial: Any = None) -> logos.RedrawnLogo | None:
        file = super().clean(data)
        if not file:
            return None
        try:
            return logos.redraw(file)
        except logos.LogoRefusedError as error:
            raise forms.ValidationError(SENTENCES[type(error)]) from error
