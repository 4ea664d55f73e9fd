"""The pages that the workspace's menu leads to."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from workspace.access import Workspace


@dataclass(frozen=True)
class MenuItem:
    """The URL names of the pages that belong to it start with `section`, such as "team" or "listing"."""

    section: str
    url_name: str
    label: str | Promise
    for_coordinators: bool = False


ITEMS = [
    MenuItem("home", "workspace:home", _("Overview")),
    MenuItem("listing", "workspace:listings", _("Listings")),
    MenuItem("history", "workspace:history", _("History"), for_coordinators=True),
]


@dataclass(frozen=True)
class MenuLink:
    url: str
    label: str
    is_here: bool


def links(workspace: Workspace, url_name: str) -> list[MenuLink]:
    """Return the links of the menu. `url_name` is the page's own name in the namespace, such as "team_invite"."""
    return [
        MenuLink(
            reverse(item.url_name, args=[workspace.hub.slug]),
            str(item.label),
            url_name.startswith(item.section),
        )
        for item in ITEMS
        if workspace.may_manage_team or not item.for_coordinators
    ]
