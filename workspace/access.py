"""Who may open which page of the workspace.

Every view of the workspace has one of the three decorators `for_viewers`, `for_editors` and `for_coordinators`. It gets a
`Workspace` instead of the hub's slug. Someone who is not in the team, or whose role is not enough, gets a 404, as for a
hub that does not exist. Someone who is not signed in is asked to sign in, whatever the address.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch, prefetch_related_objects
from django.http import Http404, HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
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
        return [other.hub for other in self.user.memberships.all() if other.hub_id != self.hub.pk]

    @property
    def series(self) -> SeriesQuerySet:
        """All series of this hub. Every query of the workspace for series starts here."""
        return Series.objects.managed_by(self.user).filter(hub=self.hub)

    @property
    def registrations(self) -> RegistrationQuerySet:
        """All registrations for series of this hub. Every query of the workspace for registrations starts here."""
        return Registration.objects.managed_by(self.user).filter(series__hub=self.hub)


View = Callable[..., HttpResponseBase]


def _membership_or_404(user: User, slug: str, roles: Collection[Role]) -> Membership:
    """Return the person's membership in the hub. All their memberships are read at once: the menus of the page ask for
    them too."""
    own = Membership.objects.select_related("hub").order_by("hub__name_en", "pk")
    prefetch_related_objects([user], Prefetch("memberships", own))
    for membership in user.memberships.all():
        if membership.hub.slug == slug and membership.role in roles:
            return membership
    raise Http404


def posted(data: QueryDict) -> list[tuple[str, str]]:
    """Return the fields of a form that was sent, without its token and the pressed button, for hidden fields."""
    skipped = ("csrfmiddlewaretoken", "action")
    return [(name, value) for name, values in data.lists() for value in values if name not in skipped]


def _keep_what_was_typed(view: View) -> View:
    """For someone whose sign-in has ended while they filled in a form: return a page that holds what they typed.

    They sign in in another tab and send the form again. The page is the same whether the hub exists or not.
    """

    @wraps(view)
    def wrapper(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        typed = posted(request.POST)
        if request.user.is_authenticated or not typed:
            return view(request, **kwargs)
        context = {"hidden": typed, "action": request.POST.get("action", "")}
        return render(request, "workspace/signed_out.html", context, status=403)

    return wrapper


def on_second_click(answer: Callable[..., HttpResponseBase | None]) -> Callable[[View], View]:
    """For actions that end a person's own access: their second click would be a 404, and is answered like the first.

    It goes around the decorator for a role. `answer` gets what the view gets, and returns None if the action was not
    taken before.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapper(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
            try:
                return view(request, **kwargs)
            except Http404:
                response = answer(request, **kwargs) if request.method == "POST" else None
                if response is None:
                    raise
                return response

        return wrapper

    return decorate


def _for_roles(*roles: Role) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @wraps(view)
        @never_cache
        @_keep_what_was_typed
        @login_required
        def wrapper(request: HttpRequest, slug: str, **kwargs: Any) -> HttpResponseBase:
            assert isinstance(request.user, User)  # noqa: S101 - login_required has checked it
            return view(request, Workspace(_membership_or_404(request.user, slug, roles)), **kwargs)

        wrapper.roles = roles  # type: ignore[attr-defined]  # read by the test of every URL's access
        return wrapper

    return decorate


for_viewers = _for_roles(*Role)
for_editors = _for_roles(*EDITING_ROLES)
for_coordinators = _for_roles(Role.COORDINATOR)
