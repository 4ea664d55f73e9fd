"""The account menu, shown in the header, and on its own page for people without JavaScript."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.models import User


@dataclass(frozen=True)
class MenuEntry:
    url: str
    label: str


def menu_entries(user: User) -> list[MenuEntry]:
    """Return the menu entries in order. "Sign out" is not one of them, because it is a form."""
    entries = [
        MenuEntry(reverse("registrations:mine"), _("My sessions")),
        MenuEntry(reverse("profile"), _("My profile")),
    ]
    if user.memberships.exists():
        entries.append(MenuEntry(reverse("workspace:choose"), _("Hub workspace")))
    if user.is_staff:
        entries.append(MenuEntry(reverse("admin:index"), _("Admin")))
    return entries


def account_part(request: HttpRequest) -> SafeString:
    """Render the account menu, or a link to sign in. Reads the session, so the page must not be cached."""
    person = request.user if isinstance(request.user, User) else None
    context = {
        "person": person,
        "entries": menu_entries(person) if person else [],
        "is_signed_out": person is None,
    }
    return render_to_string("parts/account.html", context, request=request)
