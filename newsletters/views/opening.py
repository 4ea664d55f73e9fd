""" "Tell me when it opens", on the page of a series that opens soon or is full."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.languages import current_language
from accounts.limits import EMAIL_REFUSED, may_send_email, within_limits
from newsletters.forms import OpeningNoticeForm
from newsletters.services.opening import ASKED_IN, NothingToWaitForError, TooManyNoticesError, ask_for_notice
from registrations.views.common import page_context, public_series
from sessions_app.addresses import to_canonical
from sessions_app.models import Series

TOO_MANY = _("We can’t take more requests for this address right now. Try again later, or contact us.")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def opening_notice(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for an address. Where there is nothing to wait for, the page of the series says why."""
    series = public_series(slug)
    redirected = to_canonical(request, series)
    if redirected:
        return redirected
    context = page_context(request, series)
    if context["listing"].status not in ASKED_IN:
        return redirect(series)
    data = request.POST if request.method == "POST" else None
    form = OpeningNoticeForm(data, request=request, now=timezone.now(), initial=_known(request))
    try:
        if form.is_bound and form.is_valid() and _is_allowed(request, form):
            return _ask(series, form)
    except TooManyNoticesError:
        form.add_error("email", TOO_MANY)
    status = 400 if form.is_bound else 200
    return render(request, "newsletters/opening_notice.html", context | {"form": form}, status=status)


def _known(request: HttpRequest) -> dict[str, str]:
    return {"email": request.user.email} if request.user.is_authenticated else {}


def _is_allowed(request: HttpRequest, form: OpeningNoticeForm) -> bool:
    """Count the request, and add an error to the form if there were too many, from here or for the address."""
    email = form.cleaned_data["email"]
    if not may_send_email(request, email):
        form.add_error("email", EMAIL_REFUSED)
    elif not within_limits(request, "opening-notice", email):
        form.add_error("email", TOO_MANY)
    return form.is_valid()


def _ask(series: Series, form: OpeningNoticeForm) -> HttpResponse:
    try:
        with form.once() as is_first:
            if is_first:
                ask_for_notice(series, form.cleaned_data["email"], current_language(), now=form.now)
    except NothingToWaitForError:  # it has opened, or was cancelled, since the page was read
        return redirect(series)
    return redirect("newsletters:opening_notice_sent", series.slug_here)


@require_safe
def opening_notice_sent(request: HttpRequest, slug: str) -> HttpResponse:
    """The same page for everyone, whether or not the address had asked before."""
    series = public_series(slug)
    return to_canonical(request, series) or render(
        request, "newsletters/opening_notice_sent.html", page_context(request, series)
    )
