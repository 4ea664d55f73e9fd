"""A person's own pages: their profile, what the portal knows of them, and closing the account."""

import json
from typing import cast

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import services
from accounts.forms import DetailsForm, known_details
from accounts.models import ProviderProfile, User
from echo_portal.account.menu import account_part, menu_entries
from echo_portal.account.my_data import everything
from outbox.services import Draft, forget_address, write
from registrations.models import Registration
from registrations.services import leave_everything, places_ahead
from registrations.services.news import NEWS_KEEPS

TYPED = "typed_profile"


def _me(request: HttpRequest) -> User:
    return cast("User", request.user)


@never_cache
@require_safe
def menu(request: HttpRequest) -> HttpResponse:
    """What the menu in the header holds, as a page for who has no JavaScript; who is not signed in is led to sign in."""
    if not request.user.is_authenticated:
        return redirect("account_request_login_code")
    return render(request, "account/menu.html", {"person": request.user, "entries": menu_entries(_me(request))})


@never_cache
@require_safe
def menu_fragment(request: HttpRequest) -> HttpResponse:
    """The menu alone, which portal.js puts into pages that are the same for everyone."""
    return HttpResponse(account_part(request))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """What was typed survives a session that expired meanwhile: it waits until the person has signed in again."""
    if not request.user.is_authenticated:
        if request.method == "POST":
            request.session[TYPED] = request.POST.dict()
        return redirect_to_login(request.get_full_path())
    user = _me(request)
    known = known_details(user, ProviderProfile.objects.filter(user=user).first())
    typed = request.session.pop(TYPED, None)
    form = DetailsForm(request.POST or None, initial=known | (typed or {}))
    if request.method == "POST" and form.is_valid():
        services.keep_details(user, form.details())
        messages.success(request, _("Your profile is saved."))
        return redirect(_next(request) or "profile")
    context = {"form": form, "was_kept": bool(typed), "next": _next(request)}
    return render(request, "account/profile.html", context, status=400 if form.is_bound else 200)


def _next(request: HttpRequest) -> str:
    """Where the person came from, if that is a page of ours."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    return target if url_has_allowed_host_and_scheme(target, {request.get_host()}) else ""


@never_cache
@login_required
@require_safe
def my_data(request: HttpRequest) -> HttpResponse:
    registrations = Registration.objects.filter(user=_me(request)).count()
    return render(request, "account/my_data.html", {"registrations": registrations})


@never_cache
@login_required
@require_safe
def download(request: HttpRequest) -> HttpResponse:
    content = json.dumps(
        everything(_me(request), now=timezone.now()), cls=DjangoJSONEncoder, ensure_ascii=False, indent=2
    )
    response = HttpResponse(content, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{_("my-data")}.json"'
    return response


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest) -> HttpResponse:
    """Says what it means first, and asks for a tick; then the account is gone, and one mail says so."""
    user = _me(request)
    ahead = places_ahead(user, now=timezone.now()).select_related("series")
    missing = request.method == "POST" and not request.POST.get("sure")
    if request.method == "POST" and not missing:
        _close(user)
        logout(request)
        return redirect("account_closed")
    context = {"registrations": ahead, "missing": missing}
    return render(request, "account/close.html", context, status=400 if missing else 200)


@transaction.atomic
def _close(user: User) -> None:
    now, email, language, key = timezone.now(), user.email, user.language, f"account-closed:{user.pk}"
    places = leave_everything(user, now=now)
    services.close(user, now=now)
    forget_address(email)
    write([Draft(key, "account-closed", email, language, {"places": places}, now + NEWS_KEEPS)], now=now)


@never_cache
@require_safe
def closed(request: HttpRequest) -> HttpResponse:
    return render(request, "account/closed.html")
