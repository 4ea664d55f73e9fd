"""Registering colleagues: up to ten names and addresses on one page."""

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
from registrations.forms import OWN_ADDRESS, BaseColleagues, ColleagueFormSet
from registrations.views.common import me, page_context, public_series
from sessions_app.models import Series
from sessions_app.status import Status


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def colleagues(request: HttpRequest, slug: str) -> HttpResponse:
    series = public_series(slug)
    context = page_context(request, series)
    if context["listing"].status != Status.OPEN:
        return render(request, "registrations/not_open.html", context)
    if request.method != "POST" and not services.may_invite(series, me(request)):
        return render(request, "registrations/register_first.html", context)
    own = {"own": me(request).email}
    forms = cast("BaseColleagues", ColleagueFormSet(request.POST or None, prefix="colleague", form_kwargs=own))
    if request.method == "POST" and forms.is_valid():
        problem = _invite(request, series, forms)
        if problem is None:
            return redirect("registrations:mine")
        forms.non_form_errors().append(problem)
    wrong = forms.is_bound and (forms.total_error_count() or forms.non_form_errors())
    return render(request, "registrations/colleagues.html", context | {"forms": forms}, status=400 if wrong else 200)


def _invite(request: HttpRequest, series: Series, forms: BaseColleagues) -> str | None:
    """Reserve the seats. Returns the error, or None."""
    named = forms.colleagues()
    if not within_limits(request, "invite", str(me(request).pk)):
        return _("You invited many colleagues in a short time. Wait an hour and try again.")
    try:
        services.invite(series, named, by=me(request), language=current_language(), now=timezone.now())
    except services.InvitationError as error:
        return _sentence(error)
    except services.RegistrationRefusedError:
        return _("Registration just closed, or the series just filled up.")
    context = {"series": series, "named": named}
    messages.success(request, render_to_string("registrations/notes/colleagues.html", context))
    return None


def _sentence(error: services.InvitationError) -> str:
    """Return what the person can do about the error."""
    match error:
        case services.NotRegisteredError():
            return _("Register for this series yourself first. Then you can reserve seats for colleagues.")
        case services.OwnAddressError():
            return str(OWN_ADDRESS)
        case services.InvitedTooOftenError(emails=emails):
            addresses = {"addresses": ", ".join(emails)}
            return _("We already sent several invitations to %(addresses)s today. Try again tomorrow.") % addresses
        case services.TooManyUnansweredError(left=left):
            return _more(left, _("Too many of your invitations are still unanswered."))
        case services.TooManyHeldError(left=left):
            return _more(
                left, _("Up to a third of the seats can be reserved for colleagues who have not answered yet.")
            )
        case services.ColleagueError(left=left):
            words = ngettext(
                "Only %(left)s seat is left. Remove some names and try again.",
                "Only %(left)s seats are left. Remove some names and try again.",
                left,
            )
            return words % {"left": left}
    raise error


def _more(left: int, reason: str) -> str:
    if not left:
        return f"{reason} {_('Wait until someone answers, then try again.')}"
    words = ngettext(
        "You can invite %(left)s more colleague now.", "You can invite %(left)s more colleagues now.", left
    )
    return f"{reason} {words % {'left': left}}"
