"""Messages to the people of a series: what was sent, and writing a new one with a preview."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.limits import within_limits
from registrations import services
from registrations.deliveries import Outcome, Receipt, counted, emails_of, outcomes
from registrations.registrants import is_known
from sessions_app.models import Series
from workspace.access import Workspace, for_editors, for_viewers
from workspace.forms.messages import NOBODY, HubMessageForm
from workspace.pages import page
from workspace.paging import read_page
from workspace.views.registrants import get_series

MESSAGES_ON_A_PAGE = 20


@require_safe
@for_viewers
def message_list(request: HttpRequest, workspace: Workspace, series: int) -> HttpResponse:
    own = get_series(workspace, series)
    sent = own.hub_messages.select_related("by", "session")
    found = read_page(sent, request.GET.get("page"), MESSAGES_ON_A_PAGE)
    counts = outcomes(found.rows)
    rows = [(one, counted(counts[one.pk])) for one in found.rows]
    return page(request, workspace, "messages/list.html", {"series": own, "page": found, "rows": rows, "query": ""})


@require_safe
@for_viewers
def message(request: HttpRequest, workspace: Workspace, series: int, message: int) -> HttpResponse:
    """One message: what it said, and who got it."""
    own = get_series(workspace, series)
    sent = get_object_or_404(own.hub_messages.select_related("by", "session"), pk=message)
    found = read_page(emails_of([sent]).defer("as_sent").order_by("pk"), request.GET.get("page"))
    registrations = workspace.registrations.filter(series=own).select_related("user").annotate(is_known=is_known())
    people = registrations.in_bulk([email.registration_id for email in found.rows])
    counts = outcomes([sent])[sent.pk]
    context = {
        "series": own,
        "message": sent,
        "counts": counted(counts),
        "has_bounced": counts[Outcome.BOUNCED] > 0,
        "page": found,
        "rows": [Receipt(email, people.get(email.registration_id)) for email in found.rows],
        "query": "",
    }
    return page(request, workspace, "messages/one.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_editors
def message_new(request: HttpRequest, workspace: Workspace, series: int) -> HttpResponse:
    """Write a message, look at it, and send it. The button that was pressed is in `step`; nothing is kept between the steps."""
    own, now = get_series(workspace, series), timezone.now()
    selected = (request.POST or request.GET).getlist("person")
    form = HubMessageForm(request.POST or None, series=own, now=now, selected=selected)
    context: dict[str, Any] = {"series": own, "form": form}
    if request.method != "POST" and len(form.people) != len(set(selected)):
        raise Http404
    if not form.is_bound or not form.is_valid():
        return page(request, workspace, "messages/new.html", context, status=400 if form.is_bound else 200)
    step = request.POST.get("step")
    if step == "send":
        return _send(request, workspace, own, form)
    if step == "edit":
        return page(request, workspace, "messages/new.html", context)
    return _preview(request, workspace, context)


def _preview(request: HttpRequest, workspace: Workspace, context: dict[str, Any], status: int = 200) -> HttpResponse:
    previews = context["form"].preview()
    total = sum(preview["n"] for preview in previews)
    return page(
        request, workspace, "messages/preview.html", context | {"previews": previews, "total": total}, status=status
    )


def _send(request: HttpRequest, workspace: Workspace, series: Series, form: HubMessageForm) -> HttpResponse:
    is_first = not series.hub_messages.filter(token=form.cleaned_data["token"]).exists()
    if is_first and not within_limits(request, "hub-message", str(workspace.hub.pk)):
        context = {"series": series, "form": form, "is_limited": True}
        return _preview(request, workspace, context, status=429)
    facts = {"by": workspace.user, "token": form.cleaned_data["token"], "now": timezone.now()}
    try:
        sent = services.send_message(series, form.audience, form.texts, **facts)
    except services.NobodyError:  # they left while the preview was read
        form.add_error("recipients", NOBODY)
        return page(request, workspace, "messages/new.html", {"series": series, "form": form}, status=400)
    words = ngettext("Your message goes to %(n)s person.", "Your message goes to %(n)s people.", sent.sent_to)
    messages.success(request, words % {"n": sent.sent_to})
    return redirect("workspace:message", workspace.hub.slug, series.pk, sent.pk)
