"""The page address of a hub, which no other page may have."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

# The addresses of other pages under /hubs/.
RESERVED_SLUGS = {"become-a-partner", "devenir-partenaire"}
TAKEN = _("Another page has this address. Choose another one.")


class FreeSlugMixin:
    """For a form of a hub with its `slug`."""

    cleaned_data: dict[str, Any]

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        if slug in RESERVED_SLUGS:
            raise forms.ValidationError(TAKEN)
        return slug
