"""Registering: a form and a code the first time. After that it takes one click, or the series' own questions."""

from dataclasses import asdict
from typing import Any

import pghistory
from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.core import ratelimit
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, get_random_string
from django.utils.functional import cached_property
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import unfinished
from accounts.code_page import CodePage
from accounts.forms import known_details
from accounts.languages import current_language
from accounts.limits import EMAIL_REFUSED, may_send_email, within_limits
from accounts.models import ProviderProfile
from accounts.services import Details, get_or_create_user, restart_unproven_account, save_details
from accounts.zones import ZONE_COOKIE, known_zone
from registrations import services
from registrations.forms import QuestionsForm, RegisterForm
from registrations.models import Registration, RegistrationState
from registrations.queries import chances
from registrations.services.seats import Answers
from registrations.views.common import me, my_registration, my_registration_with_position, page_context, public_series
from sessions_app.addresses import to_canonical
from sessions_app.models import Series
from sessions_app.status import Status

PENDING = "pending_registration"
PROVEN = "proven_registration"
STALE = "stale_code"
JUST_SENT = "code_just_sent"
GOING_BACK = "back_to_the_form"
OPEN_STATES = (Status.OPEN, Status.WAITLIST)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the form, or one click for someone with a profile.

    The service decides whether the click is allowed. If it refuses, this page says why.
    """
    profile = _profile(request)
    if profile and request.method == "POST":
        return _one_click(request, slug)
    series = public_series(slug)
    redirected = to_canonical(request, series)
    if redirected:
        return redirected
    registration = my_registration(request, series)
    context = page_context(request, series, registration=registration)
    if registration and registration.state != RegistrationState.RECORDING and not registration.is_held:
        return redirect("registrations:mine")
    if context["listing"].status not in OPEN_STATES and not (registration and registration.is_held):
        return render(request, "registrations/not_open.html", context)
    if profile and not series.accepts_profession(profile.profession):
        return render(request, "registrations/not_for_you.html", context | {"profile": profile})
    return _one_click(request, slug) if profile else _form(request, series, context)


def _profile(request: HttpRequest) -> ProviderProfile | None:
    if not request.user.is_authenticated:
        return None
    return ProviderProfile.objects.filter(user=request.user).first()


def _brief_series(slug: str) -> Series:
    """Return the published series with only what `settle` and its message need. Raises Http404."""
    needed = ("slug", "slug_fr", "title_en", "title_fr", "reminder_hours")
    return get_object_or_404(Series.objects.public().only(*needed).by_slug(slug))


def _one_click(request: HttpRequest, slug: str) -> HttpResponse:
    """Register someone with a profile, after they answered the series' questions if there are any.

    Most requests in the minute a series opens come here, so it reads no more than it needs.
    """
    series = _brief_series(slug)
    questions = list(series.questions.all())
    # the button on a series page sends no answers, so the questions are asked here
    is_answer = request.method == "POST" and (not questions or "asked" in request.POST)
    data = request.POST if is_answer and questions else None
    form = QuestionsForm(data, questions=questions, initial=_typed(request, series.slug))
    if is_answer and (not questions or form.is_valid()):
        if not within_limits(request, "register-again", str(me(request).pk)):
            return ratelimit.respond_429(request)
        return settle(request, series, answers=form.answers() if questions else None)
    series = public_series(slug)
    context = page_context(request, series, registration=my_registration(request, series), form=form)
    return render(request, "registrations/one_click.html", context, status=400 if form.errors else 200)


def _form(request: HttpRequest, series: Series, context: dict[str, Any]) -> HttpResponse:
    user = request.user
    # someone who was signed in when they opened the page, and no longer is, has typed everything but their address
    signed_out = request.method == "POST" and not user.is_authenticated and "email" not in request.POST
    initial = _first_values(request, series.slug) | (request.POST.dict() if signed_out else {})
    data = request.POST if request.method == "POST" and not signed_out else None
    form = RegisterForm(data, initial=initial, series=series, is_signed_in=user.is_authenticated)
    if form.is_bound and form.is_valid():
        if user.is_authenticated:
            return settle(request, series, form.details(), form.answers())
        if may_send_email(request, form.cleaned_data["email"]):
            return _send_code(request, series, form)
        form.add_error("email", EMAIL_REFUSED)
    is_stale = request.session.pop(STALE, False)
    context |= {"form": form, "is_stale": is_stale, "is_filled_in": "email" in initial, "is_signed_out": signed_out}
    return render(request, "registrations/register.html", context, status=400 if form.is_bound else 200)


def _first_values(request: HttpRequest, slug: str) -> dict[str, Any]:
    """Return the form's initial values: what was typed before the code expired, else what the account or browser knows."""
    guessed = {
        "language": current_language(),
        "time_zone": known_zone(request.COOKIES.get(ZONE_COOKIE)) or "",
    }
    if request.user.is_authenticated:
        guessed |= known_details(me(request), None)
    return guessed | _typed(request, slug)


def _typed(request: HttpRequest, slug: str) -> dict[str, Any]:
    """Return what was typed before the code, for someone who comes back from the code page that followed (CodeView._is_theirs).

    The next person at the same computer, who opens the form in any other way, does not see it.
    """
    is_back = request.session.pop(GOING_BACK, False) or request.user.is_authenticated
    pending = unfinished.load(request, PENDING, now=timezone.now()) if is_back else None
    if not pending or pending["slug"] != slug:
        return {}
    answers = {f"question_{pk}": value if len(value) > 1 else value[0] for pk, value in pending["answers"].items()}
    return pending["details"] | {"email": pending["email"]} | answers


def _send_code(request: HttpRequest, series: Series, form: RegisterForm) -> HttpResponse:
    email, details = form.cleaned_data["email"], form.details()
    now = timezone.now()
    user = get_or_create_user(email, language=details.language)
    restart_unproven_account(user, now=now)
    pending = {
        "slug": series.slug,
        "email": email,
        "details": asdict(details),
        "answers": {str(pk): list(dict.fromkeys(value)) for pk, value in form.answers().items()},
        "back": get_random_string(20),
    }
    unfinished.save(request, PENDING, pending, email=email, now=now)
    request.session[JUST_SENT] = True
    LoginCodeVerificationProcess.initiate(request=request, user=user if user.is_active else None, email=email)
    return redirect("registrations:code", slug=series.slug_here)


class CodeView(CodePage):
    """Page two asks for the code from the email. allauth makes the code and limits its age.

    The page that follows the form shows the address, and its forms carry a random word, `back`. What was typed is shown
    again only with that word. Someone who opens the page from its URL or the browser's history gets a page without it.
    """

    template_name = "registrations/code.html"

    @cached_property
    def series(self) -> Series:
        """The series of the URL. Sending the right code does not read it: `settle_pending` reads the pending one."""
        return public_series(self.kwargs["slug"])

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self.pending = unfinished.load(request, PENDING, now=timezone.now()) or {}
        if request.user.is_authenticated:  # a second click: the first one settled it
            return redirect("registrations:register", slug=self.series.slug_here)
        is_theirs = self._is_theirs()
        response = super().dispatch(request, *args, **kwargs)
        if isinstance(response, HttpResponseRedirect) and response.url == reverse("account_request_login_code"):
            if not request.session.is_empty():  # someone who never asked for a code gets no session
                request.session[STALE] = True  # expired, or tried too often
            return self._back_to_form(is_theirs=is_theirs)
        return response

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.POST.get("action") == "back":
            return self._back_to_form(is_theirs=self._is_theirs())
        return super().post(request, *args, **kwargs)

    def _is_theirs(self) -> bool:
        """Whether the request comes from the form that was just sent, or from the page that followed it."""
        if self.request.method == "POST":
            return constant_time_compare(self.request.POST.get("back", ""), self.pending.get("back", "-"))
        return bool(self.request.session.get(JUST_SENT))

    def _back_to_form(self, *, is_theirs: bool) -> HttpResponse:
        if is_theirs:
            self.request.session[GOING_BACK] = True
        return redirect("registrations:register", slug=self.series.slug_here)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        theirs = self.pending if self._is_theirs() else {}
        self.request.session.pop(JUST_SENT, None)
        context |= page_context(self.request, self.series)
        return context | {
            "email": theirs.get("email"),
            "back": theirs.get("back"),
            "can_resend": self._process.can_resend,
            "sent_again": self._process.state["resend_count"] > 0,
        }

    def _resend_form_valid(self, form: Any) -> HttpResponse:
        super()._resend_form_valid(form)
        if self._is_theirs():
            self.request.session[JUST_SENT] = True
        return redirect("registrations:code", slug=self.series.slug_here)

    def _verify_form_valid(self, form: Any) -> HttpResponse:
        response = super()._verify_form_valid(form)
        # if a second factor comes next or the account was closed, allauth's pages follow
        if not self.request.user.is_authenticated:
            self.request.session[PROVEN] = True
            return response
        return settle_pending(self.request) or redirect("registrations:register", slug=self.series.slug_here)


code = CodeView.as_view()


def settle_pending(request: HttpRequest) -> HttpResponse | None:
    """Finish the registration that was started before signing in, if it was started for this person."""
    pending = unfinished.load(request, PENDING, now=timezone.now())
    unfinished.discard(request, PENDING)
    request.session.pop(PROVEN, None)
    if not pending or pending["email"] != me(request).email:
        return None
    answers = {int(pk): value for pk, value in pending["answers"].items()}
    return settle(request, _brief_series(pending["slug"]), Details(**pending["details"]), answers)


def settle(
    request: HttpRequest, series: Series, details: Details | None = None, answers: Answers | None = None
) -> HttpResponse:
    """Save the person's details, register them, and say what happens next."""
    if details:
        save_details(me(request), details)
    try:
        # also for "My sessions", which finishes a registration after a second factor and is no POST
        with pghistory.context(user=me(request).pk):
            registration = services.register(series, me(request), now=timezone.now(), answers=answers)
    except (services.RegistrationRefusedError, services.NotForThisAudienceError):
        # closed or full by now, or only for other professions: the page says which
        return redirect("registrations:register", slug=series.slug_here)
    unfinished.discard(request, PENDING)
    _add_registered_message(request, series, registration)
    return redirect("registrations:mine")


def _add_registered_message(request: HttpRequest, series: Series, registration: Registration) -> None:
    note = "registered" if registration.state == RegistrationState.CONFIRMED else "waitlisted"
    context = {"series": series, "person": me(request)}
    messages.success(request, render_to_string(f"registrations/notes/{note}.html", context), extra_tags="registered")


@never_cache
@require_safe
def panel(request: HttpRequest, slug: str) -> HttpResponse:
    """Return the fragment of a series page for a signed-in person: their registration, or one click."""
    series = public_series(slug)
    if not request.user.is_authenticated:
        return HttpResponse(status=204)
    profile = _profile(request)
    one_click = bool(profile) and not series.questions.exists()
    fits_audience = not profile or series.accepts_profession(profile.profession)
    registration = my_registration_with_position(request, series)
    is_waiting = registration and registration.state == RegistrationState.WAITLISTED
    context = page_context(request, series, registration=registration, one_click=one_click, profile=profile)
    context |= {
        "fits_audience": fits_audience,
        "chances": chances(registration, timezone.now()) if registration and is_waiting else None,
    }
    return render(request, "registrations/panel.html", context)
