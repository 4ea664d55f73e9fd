"""My sessions: upcoming and past ones, cancelling, missing one session, and the URL of the personal calendar."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from registrations import queries, services
from registrations.models import Registration, RegistrationState
from registrations.services.calendar import calendar_of, renew_calendar
from registrations.views.common import me, zone_of
from registrations.views.registering import PROVEN, settle_pending
from sessions_app.models import Series, Session


@never_cache
@login_required
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    if request.session.get(PROVEN):  # a second factor came before the registration was finished
        settled = settle_pending(request)
        if settled and settled["Location"] != request.path:
            return settled  # it was refused, and that page says why
    now = timezone.now()
    context = {
        "mine": queries.mine(me(request), now, zone_of(request, me(request))),
        "colleagues": queries.colleagues(me(request), now),
        "calendar": calendar_of(me(request), now=now),
    }
    return render(request, "registrations/mine.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask, then cancel. Someone else's registration is a 404."""
    series = Series.objects.by_slug(slug)
    registrations = Registration.objects.filter(user=me(request), series__in=series).select_related("series", "user")
    registration = registrations.filter(state__in=[RegistrationState.CONFIRMED, RegistrationState.WAITLISTED]).first()
    if registration is None and request.method == "POST" and registrations.exists():
        return redirect("registrations:mine")  # a second click: it is already cancelled
    if registration is None:
        raise Http404
    if request.method == "POST":
        waited = registration.state == RegistrationState.WAITLISTED
        if request.POST.get("instead") == "recording":
            services.switch_to_recording(registration, now=timezone.now())
            _say(request, "recording_only", registration)
        else:
            services.cancel(registration, now=timezone.now())
            _say(request, "left_waitlist" if waited else "cancelled", registration)
        return redirect("registrations:mine")
    context = {
        "registration": registration,
        "series": registration.series,
        "has_waitlist": queries.has_waitlist(registration.series),
    }
    return render(request, "registrations/cancel.html", context)


def _say(request: HttpRequest, note: str, registration: Registration) -> None:
    context = {"series": registration.series, "person": registration.user}
    messages.success(request, render_to_string(f"registrations/notes/{note}.html", context))


@never_cache
@login_required
@require_POST
def intention(request: HttpRequest, session: int) -> HttpResponse:
    """Record that the person can't come to one session, or can after all."""
    meeting = get_object_or_404(Session.objects.filter(ends_at__gt=timezone.now()), pk=session)
    seats = Registration.objects.confirmed().filter(user=me(request), series=meeting.series_id)
    registration = get_object_or_404(seats.select_related("series__hub", "user"))
    is_coming = request.POST.get("coming") == "yes"
    services.record_intention(registration, meeting, is_coming=is_coming, now=timezone.now())
    context = {"series": registration.series, "session": meeting, "is_coming": is_coming}
    messages.success(request, render_to_string("registrations/notes/intention.html", context))
    return redirect("registrations:mine")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def renew(request: HttpRequest) -> HttpResponse:
    """Ask, then make a new URL for the personal calendar. The old one stops working."""
    if request.method == "POST":
        renew_calendar(me(request), now=timezone.now())
        messages.success(request, render_to_string("registrations/notes/calendar.html"))
        return redirect("registrations:mine")
    return render(request, "registrations/renew_calendar.html")
