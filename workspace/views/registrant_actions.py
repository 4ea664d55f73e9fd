"""What a hub's editors do to a registration: add, give a seat, move and cancel. They may do a little less than staff."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.form_helper import PortalForm
from accounts.languages import current_language
from accounts.limits import may_send_email, within_limits
from registrations import services
from registrations.models import Registration, RegistrationState
from registrations.refusals import REFUSALS, refusal_text, why_not_promote
from registrations.registrants import is_known, shown_name
from registrations.services.seats import OPEN_TO_STAFF
from sessions_app.queries import with_known_status
from workspace.access import Workspace, for_editors
from workspace.forms.registrants import AddForm, CancelForm, MoveForm, PromoteForm
from workspace.pages import page
from workspace.views.registrants import get_series

Act = Callable[..., Registration]


@require_http_methods(["GET", "HEAD", "POST"])
@for_editors
def add(request: HttpRequest, workspace: Workspace, series: int) -> HttpResponse:
    """Register someone by their email address. They get the usual email."""
    own = get_series(workspace, series)
    registered = workspace.registrations.active().filter(series=own)
    form = AddForm(request.POST or None, initial={"language": current_language()}, registered=registered)
    if form.is_valid() and not _may_add(request, workspace, form.cleaned_data["email"]):
        form.add_error(None, _("You registered many people in a short time. Wait an hour and try again."))
    act = partial(services.register_for, own, by_hub=True)
    context = {"series": own, "template": "registrants/add.html"}
    return _act(request, workspace, form, act, context=context, done=_("We registered this person and emailed them."))


def _may_add(request: HttpRequest, workspace: Workspace, email: str) -> bool:
    """Count an email to an address that the person entered. Returns whether it is within the limits."""
    return within_limits(request, "add-registrant", str(workspace.user.pk)) and may_send_email(request, email)


@require_http_methods(["GET", "HEAD", "POST"])
@for_editors
def promote(request: HttpRequest, workspace: Workspace, series: int, registration: int) -> HttpResponse:
    """Give someone on the waitlist a free seat. If there is none, the page says so and has no form."""
    context = _context(workspace, series, registration, "promote")
    if context["registration"].state != RegistrationState.WAITLISTED:
        return _to_person(workspace, context["registration"])  # a second click
    context["why_not"] = why_not_promote(context["series"], timezone.now())
    form, act = PromoteForm(request.POST or None), partial(services.promote, context["registration"], by_hub=True)
    return _act(request, workspace, form, act, context=context, done=_("We emailed the person."))


@require_http_methods(["GET", "HEAD", "POST"])
@for_editors
def move(request: HttpRequest, workspace: Workspace, series: int, registration: int) -> HttpResponse:
    """Move someone to another series of the hub that takes people."""
    context = _context(workspace, series, registration, "move")
    others = with_known_status(
        workspace.series.public().filter(is_closed=False).exclude(pk=series), timezone.now(), OPEN_TO_STAFF
    )
    form = MoveForm(request.POST or None, choices=others)
    act = partial(services.move, context["registration"], by_hub=True)
    if context["registration"].state == RegistrationState.CANCELLED:  # a second click
        to = form.cleaned_data["to"] if form.is_valid() else None
        return _to_person(workspace, services.moved_to(context["registration"], to) or context["registration"])
    return _act(request, workspace, form, act, context=context, done=_("We moved this person and emailed them."))


@require_http_methods(["GET", "HEAD", "POST"])
@for_editors
def cancel(request: HttpRequest, workspace: Workspace, series: int, registration: int) -> HttpResponse:
    context = _context(workspace, series, registration, "cancel")
    if context["registration"].state == RegistrationState.CANCELLED:
        return _to_person(workspace, context["registration"])  # a second click
    form, act = CancelForm(request.POST or None), partial(services.cancel_for, context["registration"])
    return _act(
        request, workspace, form, act, context=context, done=_("We cancelled the registration and emailed the person.")
    )


def _context(workspace: Workspace, series: int, pk: int, action: str) -> dict[str, Any]:
    """Return the series and the registration, in any state. Raises Http404."""
    registrations = workspace.registrations.filter(series=series).select_related("user", "series__hub")
    found = get_object_or_404(registrations.annotate(is_known=is_known()), pk=pk)
    template = f"registrants/{action}.html"
    return {"series": found.series, "registration": found, "name": shown_name(found), "template": template}


def _act(
    request: HttpRequest, workspace: Workspace, form: PortalForm, act: Act, *, context: dict[str, Any], done: str
) -> HttpResponse:
    """Show the form and, once it is valid, call `act` with its values. A refusal is shown above the form."""
    if form.is_valid():
        try:
            changed = act(**form.cleaned_data, by=workspace.user, now=timezone.now())
        except REFUSALS as refusal:
            form.add_error(None, refusal_text(refusal, by_hub=True))
        else:
            messages.success(request, f"{done} {_state_text(changed)}")
            return _to_person(workspace, changed)
    status = 400 if form.is_bound else 200
    return page(request, workspace, context["template"], context | {"form": form}, status=status)


def _to_person(workspace: Workspace, registration: Registration) -> HttpResponse:
    return redirect("workspace:registrant", workspace.hub.slug, registration.series_id, registration.pk)


def _state_text(registration: Registration) -> str:
    """Say what the person has now."""
    match registration.state:
        case RegistrationState.CONFIRMED:
            return _("They have a seat.")
        case RegistrationState.WAITLISTED:
            return _("They’re on the waitlist.")
    return ""
