"""The pages on which staff watch a sending, pause it, stop it, and read its result."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from newsletters.admin.issue_pages import is_paused, page_context, record, state_in_words, to_home
from newsletters.models import Issue, IssueState
from newsletters.results import Reason, Reports, count_reports
from newsletters.services import sending
from newsletters.services.sending import Progress
from newsletters.templatetags.newsletter_admin import about, thousands
from outbox.models import State

NO_LONGER = _("This issue has already finished sending.")


def progress_page(model_admin: admin.ModelAdmin, request: HttpRequest, issue: Issue) -> HttpResponseBase:
    """Show how far the sending is. newsletter-progress.js fetches the figures again every few seconds."""
    if issue.state != IssueState.SENDING:
        return to_home(issue)
    context = page_context(model_admin, request, issue, _("Progress"), **figures(issue))
    return TemplateResponse(request, "admin/newsletters/progress.html", context)


def progress_figures(model_admin: admin.ModelAdmin, request: HttpRequest, issue: Issue) -> HttpResponseBase:
    """Answer with the part of the progress page that changes."""
    context = {"issue": issue, **figures(issue)}
    return TemplateResponse(request, "admin/newsletters/progress_figures.html", context)


def figures(issue: Issue) -> dict[str, Any]:
    """Return what the progress page shows: how much is done, the rate and the time left. One query."""
    progress = sending.progress(issue, now=timezone.now())
    audience, sent = progress.audience, progress.by_state.get(State.SENT, 0)
    done = audience - progress.waiting
    percent = done * 100 // audience if audience else 0  # rounded down, so that 100 means everyone
    return {
        "audience": audience,
        "done": done,
        "sent": sent,
        "waiting": progress.waiting,
        "percent": percent,
        "tens": percent // 10 * 10,
        "figures": [
            (_("Sent"), thousands(sent)),
            (_("Not sent"), thousands(done - sent)),
            (_("Rate"), _rate(progress)),
            (_("Time left"), _time_left(progress)),
        ],
        "is_over": issue.state != IssueState.SENDING,
        "is_paused": is_paused(issue),
        "state_label": state_in_words(issue),
    }


def _rate(progress: Progress) -> str:
    return gettext("%(n)s a minute") % {"n": thousands(progress.rate)} if progress.rate else "–"


def _time_left(progress: Progress) -> str:
    return "–" if progress.left is None else about(progress.left)


def pause(model_admin: admin.ModelAdmin, request: HttpRequest, issue: Issue) -> HttpResponse:
    return _act(model_admin, request, issue, lambda now: sending.pause(issue, now=now), _("Sending is paused."))


def resume(model_admin: admin.ModelAdmin, request: HttpRequest, issue: Issue) -> HttpResponse:
    return _act(model_admin, request, issue, lambda now: sending.resume(issue, now=now), _("Sending has resumed."))


def ask_stop(model_admin: admin.ModelAdmin, request: HttpRequest, issue: Issue) -> HttpResponseBase:
    """Ask before stopping, and say how many already have the issue."""
    if issue.state != IssueState.SENDING:
        return to_home(issue)
    context = page_context(model_admin, request, issue, _("Stop sending"), **figures(issue))
    return TemplateResponse(request, "admin/newsletters/stop.html", context)


def stop(model_admin: admin.ModelAdmin, request: HttpRequest, issue: Issue) -> HttpResponse:
    return _act(model_admin, request, issue, lambda now: sending.stop(issue, now=now), _("Sending is stopped."))


def _act(
    model_admin: admin.ModelAdmin,
    request: HttpRequest,
    issue: Issue,
    act: Callable[[datetime], bool],
    sentence: str | Promise,
) -> HttpResponse:
    """Pause, resume or stop the sending, and say so. A second click, or one after the end, changes nothing."""
    if act(timezone.now()):
        record(model_admin, request, issue, str(sentence))
    elif issue.state != IssueState.SENDING:
        model_admin.message_user(request, NO_LONGER, messages.WARNING)
    return to_home(issue)


def result_page(model_admin: admin.ModelAdmin, request: HttpRequest, issue: Issue) -> HttpResponseBase:
    """Show what became of each email of an issue that was sent or stopped."""
    if issue.state not in (IssueState.SENT, IssueState.STOPPED):
        return to_home(issue)
    now = timezone.now()
    progress, reports = sending.progress(issue, now=now), count_reports(issue, now=now)
    context = page_context(
        model_admin,
        request,
        issue,
        _("Result"),
        audience=progress.audience,
        adds_up=sum(progress.by_state.values()) == progress.audience,
        rows=_rows(progress),
        reports=reports,
        report_rows=_report_rows(reports),
        took=issue.finished_at - issue.published_at if issue.finished_at and issue.published_at else None,
    )
    return TemplateResponse(request, "admin/newsletters/result.html", context)


def _rows(progress: Progress) -> list[tuple[str | Promise, str | Promise, int, str]]:
    """Return the parts of the audience: what it is called, what that means, how many, and its reason in the list."""
    numbers = progress.by_state
    rows: list[tuple[str | Promise, str | Promise, int, str]] = [
        (_("Sent"), _("The email server accepted it."), numbers.get(State.SENT, 0), ""),
        (
            Reason.FAILED.label,
            _("The email server refused it, or kept failing."),
            numbers.get(State.FAILED, 0),
            Reason.FAILED,
        ),
        (
            Reason.SUPPRESSED.label,
            _("We don’t send to this address, because it doesn’t exist or its owner reported an email as spam."),
            numbers.get(State.SUPPRESSED, 0),
            Reason.SUPPRESSED,
        ),
        (
            Reason.UNCERTAIN.label,
            _("Something broke while the email server had it. It may have arrived."),
            numbers.get(State.UNCERTAIN, 0),
            Reason.UNCERTAIN,
        ),
        (
            Reason.UNSUBSCRIBED.label,
            _("The person unsubscribed or paused before we got to them."),
            numbers.get(State.UNSUBSCRIBED, 0),
            Reason.UNSUBSCRIBED,
        ),
        (
            Reason.NOT_SENT.label,
            _("Sending was stopped, or it was too late."),
            numbers.get(State.EXPIRED, 0),
            Reason.NOT_SENT,
        ),
    ]
    if progress.waiting:
        rows.append((_("On its way"), _("A worker is still sending it."), progress.waiting, ""))
    return rows


def _report_rows(reports: Reports) -> list[tuple[str | Promise, int]]:
    return [
        (_("Delivered"), reports.delivered),
        (_("Bounced"), reports.bounced),
        (_("Reported as spam"), reports.complained),
        (_("Unsubscribed within 7 days"), reports.unsubscribed),
    ]
