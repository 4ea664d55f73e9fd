"""A manager registers colleagues: up to ten names and addresses on one screen."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.languages import current_language
from accounts.limits import within_limits
from registrations import services
from registrations.forms import BaseColleagues, ColleagueFormSet
from registrations.views.common import me, page_context, public_series
from sessions_app.models import Series
from sessions_app.status import Status


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def colleagues(request: HttpRequest, slug: str) -> HttpResponse:
    series = public_series(slug)
    context = page_context(request, series)
    if context["entry"].status != Status.OPEN:
        return render(request, "registrations/not_open.html", context)
    forms = cast("BaseColleagues", ColleagueFormSet(request.POST or None, prefix="colleague"))
    if request.method == "POST" and forms.is_valid():
        problem = _invite(request, series, forms)
        if problem is None:
            return redirect("registrations:mine")
        forms.non_form_errors().append(problem)
    wrong = forms.is_bound and (forms.total_error_count() or forms.non_form_errors())
    return render(request, "registrations/colleagues.html", context | {"forms": forms}, status=400 if wrong else 200)


def _invite(request: HttpRequest, series: Series, forms: BaseColleagues) -> str | None:
    """Take the seats; gives what is wrong, or None."""
    named = forms.colleagues()
    if not within_limits(request, "invite", str(me(request).pk)):
        return _("You named many colleagues in a short time. Wait an hour, then go on.")
    try:
        services.invite(series, named, by=me(request), language=current_language(), now=timezone.now())
    except services.ColleagueError as error:
        return ngettext(
            "Only %(left)s seat is left. Take some names off, and try again.",
            "Only %(left)s seats are left. Take some names off, and try again.",
            error.left,
        ) % {"left": error.left}
    except services.RegistrationRefusedError:
        return _("Registration has just closed or filled up.")
    context = {"series": series, "named": named}
    messages.success(request, render_to_string("registrations/notes/colleagues.html", context))
    return None
