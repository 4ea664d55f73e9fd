"""The form for organizations that would like to become a hub partner."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.limits import EMAIL_REFUSED, may_send_email
from hubs.forms import PartnerInterestForm, known_contact
from hubs.services.interest import record_interest


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def partner_interest(request: HttpRequest) -> HttpResponse:
    """The form for organizations that would like to become a hub. A form sent twice is recorded once."""
    now = timezone.now()
    data = request.POST if request.method == "POST" else None
    form = PartnerInterestForm(data, request=request, now=now, initial=known_contact(request))
    if form.is_bound and form.is_valid():
        if may_send_email(request, form.cleaned_data["email"]):
            with form.once() as is_first:
                if is_first:
                    record_interest(form.details(), now=now)
            return redirect("hubs:partner_interest_sent")
        form.add_error("email", EMAIL_REFUSED)
    return render(request, "hubs/partner_interest.html", {"form": form}, status=400 if form.is_bound else 200)


@require_safe
def partner_interest_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "hubs/partner_interest_sent.html")
