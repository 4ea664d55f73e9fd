"""Who may open which page of the workspace.

Every view of the workspace has one of the three decorators `for_viewers`, `for_editors` and `for_coordinators`. It gets a
`Workspace` instead of the hub's slug. Someone who is not in the team, or whose role is not enough, gets a 404, as for a
hub that does not exist. Someone who is not signed in is asked to sign in, whatever the address.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.functional import cached_property
from django.views.decorators.cache import never_cache

from accounts.models import User
from hubs.models import EDITING_ROLES, Hub, Membership, Role
from registrations.models import Registration, RegistrationQuerySet
from sessions_app.models import Series, SeriesQuerySet


@dataclass
class Workspace:
    """A hub's workspace as one member of its team sees it."""

    membership: Membership

    @property
    def hub(self) -> Hub:
        return self.membership.hub

    @property
    def user(self) -> User:
        return self.membership.user

    @property
    def may_edit(self) -> bool:
        return self.membership.may_edit

    @property
    def may_manage_team(self) -> bool:
        return self.membership.may_manage_team

    @cached_property
    def other_hubs(self) -> list[Hub]:
        """The other hubs that this person can switch to."""
        return list(Hub.objects.managed_by(self.user).exclude(pk=self.hub.pk))

    @property
    def series(self) -> SeriesQuerySet:
        """All series of this hub. Every query of the workspace for series starts here."""
        return Series.objects.managed_by(self.user).filter(hub=self.hub)

    @property
    def registrations(self) -> RegistrationQuerySet:
        """All registrations for series of this hub. Every query of the workspace for registrations starts here."""
        return Registration.objects.managed_by(self.user).filter(series__hub=self.hub)


View = Callable[..., HttpResponseBase]


def _for_roles(*roles: Role) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @wraps(view)
        @never_cache
        @login_required
        def wrapper(request: HttpRequest, slug: str, **kwargs: Any) -> HttpResponseBase:
            memberships = Membership.objects.select_related("hub", "user").filter(role__in=roles)
            membership = get_object_or_404(memberships, hub__slug=slug, user=request.user)
            return view(request, Workspace(membership), **kwargs)

        wrapper.roles = roles  # type: ignore[attr-defined]  # read by the test of every URL's access
        return wrapper

    return decorate


for_viewers = _for_roles(*Role)
for_editors = _for_roles(*EDITING_ROLES)
for_coordinators = _for_roles(Role.COORDINATOR)
