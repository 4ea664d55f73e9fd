"""Registering in two pages (a form, a code), "my sessions", cancelling and joining."""

from dataclasses import asdict
from typing import Any, cast

from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.account.views import ConfirmLoginCodeView
from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.languages import current_language
from accounts.models import ProviderProfile, User
from accounts.services import Details, find_or_begin, keep_details
from accounts.zones import ZONE_COOKIE, known_zone, reader_zone
from registrations import queries, services
from registrations.forms import RegisterForm
from registrations.models import Place, Registration
from registrations.tokens import BadTokenError, read_join_token
from sessions_app.entry import Entry
from sessions_app.models import Delivery, Series, Session
from sessions_app.queries import for_list
from sessions_app.status import Status

PENDING = "pending_registration"
STALE = "stale_code"
OPEN_STATES = (Status.OPEN, Status.WAITLIST)


def _me(request: HttpRequest) -> User:
    """The person who is signed in, where the view has made sure that somebody is."""
    return cast("User", request.user)


def _series(slug: str) -> Series:
    return get_object_or_404(for_list(Series.objects.public()), slug=slug)


def _context(request: HttpRequest, series: Series, **more: Any) -> dict[str, Any]:
    return {"series": series, "entry": Entry(series, timezone.now(), reader_zone(request)), **more}


def _my_place(request: HttpRequest, series: Series) -> Registration | None:
    if not request.user.is_authenticated:
        return None
    return queries.with_line(Registration.objects.active().filter(user=request.user, series=series)).first()


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest, slug: str) -> HttpResponse:
    """Page one: who are you? One click for those whom the portal knows."""
    series = _series(slug)
    context = _context(request, series, place=_my_place(request, series))
    if context["place"]:
        return redirect("registrations:mine")
    if context["entry"].status not in OPEN_STATES:
        return render(request, "registrations/not_open.html", context)
    user = request.user
    if user.is_authenticated and ProviderProfile.objects.filter(user=user).exists():
        return (
            _settle(request, series)
            if request.method == "POST"
            else render(request, "registrations/one_click.html", context)
        )
    form = RegisterForm(request.POST or None, initial=_typed(request, slug), is_signed_in=user.is_authenticated)
    if request.method == "POST" and form.is_valid():
        details = form.details(language=current_language(), time_zone=known_zone(request.COOKIES.get(ZONE_COOKIE)))
        if user.is_authenticated:
            return _settle(request, series, details)
        if ratelimit.consume(request, action="register", key=form.cleaned_data["email"]):
            return _send_code(request, series, form.cleaned_data["email"], details)
        form.add_error(
            "email", _("We mailed several codes to this address just now. Wait ten minutes, then try again.")
        )
    context |= {"form": form, "is_stale": request.session.pop(STALE, False)}
    return render(request, "registrations/register.html", context, status=400 if form.is_bound else 200)


def _typed(request: HttpRequest, slug: str) -> dict[str, Any]:
    """What was typed before a code went stale, or what the account knows already."""
    pending = request.session.get(PENDING)
    if pending and pending["slug"] == slug:
        return pending["details"] | {"email": pending["email"]}
    return {"name": request.user.name} if request.user.is_authenticated else {}


def _send_code(request: HttpRequest, series: Series, email: str, details: Details) -> HttpResponse:
    user = find_or_begin(email, language=details.language)
    request.session[PENDING] = {"slug": series.slug, "email": email, "details": asdict(details)}
    LoginCodeVerificationProcess.initiate(request=request, user=user if user.is_active else None, email=email)
    return redirect("registrations:code", slug=series.slug)


class CodeView(ConfirmLoginCodeView):
    """Page two: the six digits from the mail. The code, its lifetime and its tries are allauth's."""

    template_name = "registrations/code.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self.series = _series(kwargs["slug"])
        if request.user.is_authenticated:  # a second click: the first one settled it
            return redirect("registrations:register", slug=self.series.slug)
        if request.method == "POST" and not ratelimit.consume(request, action="verify_code"):
            return ratelimit.respond_429(request)
        response = super().dispatch(request, *args, **kwargs)
        if isinstance(response, HttpResponseRedirect) and response.url == reverse("account_request_login_code"):
            request.session[STALE] = True  # expired, or tried too often: back to the form, with all that was typed
            return redirect("registrations:register", slug=self.series.slug)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        pending = self.request.session.get(PENDING) or {}
        sent_again = self._process.state["resend_count"] > 0
        more = {"email": pending.get("email"), "can_resend": self._process.can_resend, "sent_again": sent_again}
        return context | _context(self.request, self.series) | more

    def _resend_form_valid(self, form: Any) -> HttpResponse:
        super()._resend_form_valid(form)
        return redirect("registrations:code", slug=self.series.slug)

    def _verify_form_valid(self, form: Any) -> HttpResponse:
        response = super()._verify_form_valid(form)
        if not self.request.user.is_authenticated:  # the account was closed meanwhile: allauth's page says so
            return response
        pending = self.request.session.pop(PENDING, None)
        return _settle(self.request, self.series, Details(**pending["details"]) if pending else None)


code = CodeView.as_view()


def _settle(request: HttpRequest, series: Series, details: Details | None = None) -> HttpResponse:
    """The person is known: write down who they are, give them their place, and say what happens next."""
    if details:
        keep_details(_me(request), details)
    try:
        registration = services.register(series, _me(request), now=timezone.now())
    except services.RegistrationRefusedError:  # closed or filled while the code was on its way
        return redirect("registrations:register", slug=series.slug)
    _say(request, "registered" if registration.place == Place.CONFIRMED else "waitlisted", registration)
    return redirect("registrations:mine")


def _say(request: HttpRequest, note: str, registration: Registration) -> None:
    context = {"series": registration.series, "person": registration.user}
    messages.success(request, render_to_string(f"registrations/notes/{note}.html", context))


@never_cache
@require_safe
def panel(request: HttpRequest, slug: str) -> HttpResponse:
    """What a series page shows the person who is signed in, in place of the plain link: their own place, or one click."""
    series = _series(slug)
    if not request.user.is_authenticated:
        return HttpResponse(status=204)
    has_profile = ProviderProfile.objects.filter(user=request.user).exists()
    context = _context(request, series, place=_my_place(request, series), has_profile=has_profile)
    return render(request, "registrations/panel.html", context)


@never_cache
@login_required
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    coming, over = queries.mine(_me(request), timezone.now(), reader_zone(request))
    return render(request, "registrations/mine.html", {"coming": coming, "over": over})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, slug: str) -> HttpResponse:
    """Asks first; a place that is not one's own does not exist."""
    registrations = Registration.objects.filter(user=_me(request), series__slug=slug).select_related("series", "user")
    registration = registrations.active().first()
    if registration is None and request.method == "POST" and registrations.exists():
        return redirect("registrations:mine")  # a second click: it is cancelled already
    if registration is None:
        raise Http404
    if request.method == "POST":
        services.cancel(registration, now=timezone.now())
        _say(request, "left_waitlist" if registration.place == Place.WAITLISTED else "cancelled", registration)
        return redirect("registrations:mine")
    return render(request, "registrations/cancel.html", {"registration": registration, "series": registration.series})


@never_cache
@require_safe
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Leads to the meeting, from 15 minutes before it until it ends; before and after, a page says when. Changes nothing."""
    try:
        registration_id, session_id = read_join_token(token)
    except BadTokenError as error:
        raise Http404 from error
    registration = get_object_or_404(Registration.objects.confirmed().select_related("series__hub"), pk=registration_id)
    session = get_object_or_404(Session.objects.filter(series=registration.series_id), pk=session_id)
    now = timezone.now()
    doors_open_at = session.starts_at - queries.DOORS_OPEN
    taking_place = session.delivery in (Delivery.SCHEDULED, Delivery.HELD) and not registration.series.is_cancelled
    if taking_place and session.join_url and doors_open_at <= now < session.ends_at:
        return HttpResponseRedirect(session.join_url)
    context = {"series": registration.series, "session": session, "doors_open_at": doors_open_at}
    context |= {"is_over": now >= session.ends_at, "is_off": not taking_place, "is_early": now < doors_open_at}
    return render(request, "registrations/join.html", context)
