"""The pages behind links in emails, without signing in: answering for a registration, and joining.

Link scanners follow every link, so no GET changes anything. Each page asks, and a button answers.
"""

from contextlib import suppress
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import ProviderProfile
from registrations import queries, services
from registrations.forms import InvitedForm
from registrations.models import Intention, Invitation, Registration, RegistrationState
from registrations.tokens import BadTokenError, read_join_token, read_registration_token
from registrations.views.common import zone_of
from sessions_app.models import Delivery, Session
from sessions_app.status import Status, registration_status


def _bad_link(request: HttpRequest) -> HttpResponse:
    return render(request, "registrations/bad_link.html", status=404)


def _named_in(numbers: tuple[int, int]) -> tuple[Registration | None, Session | None]:
    registration_id, session_id = numbers
    registrations = Registration.objects.select_related("series__hub", "user__profile").filter(pk=registration_id)
    registration = registrations.first()
    if registration is None:
        return None, None
    queries.add_waitlist_positions([registration])
    return registration, Session.objects.filter(series=registration.series_id, pk=session_id).first()


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def registration_link(request: HttpRequest, token: str) -> HttpResponse:
    """Answer "still coming?", confirm a reserved seat, cancel, or ask for the recording."""
    try:
        registration, session = _named_in(read_registration_token(token))
    except BadTokenError:
        return _bad_link(request)
    if registration is None:
        return _bad_link(request)
    # "act" is what pages sent that were opened before the upgrade of November 2026
    now, act = timezone.now(), request.POST.get("action") or request.POST.get("act", "")
    is_over = registration_status(registration.series, now) in (Status.PAST, Status.CANCELLED)
    form = None
    if services.asks_profession(registration):
        form = InvitedForm(request.POST if act == "confirm" else None, series=registration.series)
    is_wrong = act == "confirm" and form is not None and not form.is_valid()
    if request.method == "POST" and not is_over and not is_wrong:
        _act(act, registration, session, form)
        return redirect(f"{request.path}?answer=confirmed" if act == "confirm" else request.path)
    context = _facts(registration, session, is_over=is_over)
    context |= {"reader": zone_of(request, registration.user), "answer": request.GET.get("answer")}
    context |= {"form": form, "is_refused": _is_refused(registration)}
    return render(request, "registrations/registration_link.html", context, status=400 if is_wrong else 200)


def _is_refused(registration: Registration) -> bool:
    """Whether the series is for other professions than the one in the invited person's profile."""
    profession = ProviderProfile.objects.filter(user=registration.user_id).values_list("profession", flat=True).first()
    return registration.is_held and bool(profession) and not registration.series.accepts_profession(profession or "")


def _act(act: str, registration: Registration, session: Session | None, form: InvitedForm | None) -> None:
    """Do what the button says. If the registration has moved on (a second click, another tab), nothing changes."""
    now = timezone.now()
    has_seat = registration.state == RegistrationState.CONFIRMED
    if act == "confirm" and registration.is_held:
        with suppress(services.NotForThisAudienceError):  # the page says so
            services.confirm_invitation(registration, now=now, **(form.cleaned_data if form else {}))
    elif act == "give-up":
        services.cancel(registration, now=now)
    elif act == "recording":
        services.switch_to_recording(registration, now=now)
    elif act in ("coming", "absent") and has_seat and session and session.ends_at > now:
        services.record_intention(registration, session, is_coming=act == "coming", now=now)


def _facts(registration: Registration, session: Session | None, *, is_over: bool) -> dict[str, Any]:
    said = Intention.objects.filter(registration=registration, session=session).first() if session else None
    sessions = list(registration.series.sessions.meeting())
    return {
        "registration": registration,
        "series": registration.series,
        "session": session or (sessions[0] if len(sessions) == 1 else None),
        "asks_coming": session is not None,
        "said": said,
        "is_one_of_many": len(sessions) > 1,
        "sessions": sessions,
        "is_over": is_over,
        "has_waitlist": queries.has_waitlist(registration.series),
        "invitation": Invitation.objects.filter(registration=registration).select_related("inviter").first(),
    }


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Lead to the meeting while it can be joined, and record attendance. Before and after, a page says when."""
    try:
        registration, session = _named_in(read_join_token(token))
    except BadTokenError:
        return _bad_link(request)
    if registration is None or session is None:
        return _bad_link(request)
    now = timezone.now()
    context = _join_facts(registration, session, now) | {"reader": zone_of(request, registration.user)}
    if context["is_open"] and request.method == "POST":
        services.record_attendance(registration, session, now=now)
        if session.join_url:
            return render(request, "registrations/leaving.html", context)
        context["has_no_address"] = True
    return render(request, "registrations/join.html", context)


def _join_facts(registration: Registration, session: Session, now: datetime) -> dict[str, Any]:
    """Return whether the person can join the session at `now`, and if not, why."""
    join_opens_at = session.starts_at - queries.JOIN_OPENS_BEFORE
    taking_place = session.delivery in (Delivery.SCHEDULED, Delivery.HELD) and not registration.series.is_cancelled
    has_seat = registration.state == RegistrationState.CONFIRMED
    return {
        "series": registration.series,
        "session": session,
        "join_opens_at": join_opens_at,
        "has_seat": has_seat,
        "is_over": now >= session.ends_at,
        "is_off": not taking_place,
        "is_open": taking_place and has_seat and join_opens_at <= now < session.ends_at,
    }
