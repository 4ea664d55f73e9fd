"""The pages on which staff send an issue: at once or at a set time, always after a confirmation."""

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from newsletters.admin.audience import limits_in_words, sizes_by_language
from newsletters.admin.issue_pages import page_context, record, to_home
from newsletters.admin.when_form import WhenForm
from newsletters.models import Issue
from newsletters.services.checklist import blocking, check
from newsletters.services.schedule import AlreadySentError, back_to_draft
from newsletters.services.schedule import schedule as schedule_issue
from newsletters.services.sending import ChangedError, NotReadyError, start_sending
from newsletters.templatetags.newsletter_admin import moment
from sessions_app.admin.review import staff_user

ALREADY_SENT = _("This issue is already on its way.")
CHANGED = _("Someone changed this issue after you opened the page. Check it again.")
NOT_READY = _("The issue isn’t ready. The checklist says why.")


def send_page(model_admin: admin.ModelAdmin, request: HttpRequest, issue: Issue) -> HttpResponseBase:
    """Show what goes out and to whom, and ask when. An answer in the query string has to be confirmed first."""
    if not issue.is_editable:
        return to_home(issue)
    now = timezone.now()
    form = WhenForm(request.GET if "asked" in request.GET else None, now=now)
    sizes = sizes_by_language(issue, now)
    total = sum(row.size for row in sizes)
    problems = check(issue, audience=total)
    context = page_context(
        model_admin,
        request,
        issue,
        _("Send the issue"),
        form=form,
        problems=problems,
        is_blocked=bool(blocking(problems)),
        sizes=sizes,
        total=total,
        limits=limits_in_words(issue),
    )
    if context["is_blocked"] or not form.is_valid():
        return TemplateResponse(request, "admin/newsletters/send.html", context)
    context["at"] = form.cleaned_data["at"]
    return TemplateResponse(request, "admin/newsletters/confirm.html", context)


def start(model_admin: admin.ModelAdmin, request: HttpRequest, issue: Issue) -> HttpResponse:
    """Start the sending. A second click only leads to its progress."""
    if not issue.is_editable:
        _refuse(model_admin, request, issue, AlreadySentError())
        return to_home(issue)
    try:
        start_sending(issue, by=staff_user(request), now=timezone.now(), seen=request.POST.get("seen", ""))
    except (ChangedError, NotReadyError) as refusal:
        _refuse(model_admin, request, issue, refusal)
    else:
        record(model_admin, request, issue, gettext("We started sending the issue."))
    return to_home(issue)


def schedule(model_admin: admin.ModelAdmin, request: HttpRequest, issue: Issue) -> HttpResponse:
    now = timezone.now()
    form = WhenForm(request.POST, now=now)
    if not form.is_valid() or form.cleaned_data["at"] is None:
        sentences = [str(sentence) for errors in form.errors.values() for sentence in errors]
        model_admin.message_user(request, " ".join(sentences), messages.ERROR)
        return to_home(issue)
    at = form.cleaned_data["at"]
    try:
        schedule_issue(issue, at, now=now, seen=request.POST.get("seen", ""))
    except (AlreadySentError, ChangedError, NotReadyError) as refusal:
        _refuse(model_admin, request, issue, refusal)
    else:
        record(model_admin, request, issue, gettext("The issue is scheduled for %(when)s.") % {"when": moment(at)})
    return to_home(issue)


def unschedule(model_admin: admin.ModelAdmin, request: HttpRequest, issue: Issue) -> HttpResponse:
    try:
        back_to_draft(issue)
    except AlreadySentError as refusal:
        _refuse(model_admin, request, issue, refusal)
    else:
        record(model_admin, request, issue, gettext("The issue is a draft again. It won’t be sent."))
    return to_home(issue)


def _refuse(model_admin: admin.ModelAdmin, request: HttpRequest, issue: Issue, refusal: Exception) -> None:
    """Say why nothing was done. A second click at the same moment finds the issue changed: it is being sent."""
    issue.refresh_from_db(fields=["state"])
    if isinstance(refusal, AlreadySentError) or not issue.is_editable:
        model_admin.message_user(request, ALREADY_SENT, messages.WARNING)
    else:
        model_admin.message_user(request, CHANGED if isinstance(refusal, ChangedError) else NOT_READY, messages.ERROR)
