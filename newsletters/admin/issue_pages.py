"""What the pages about one issue share: their URLs, who may open them, and where each state of an issue is shown."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.views.decorators.http import require_GET, require_POST

from newsletters.models import Issue, IssueState
from outbox.models import BulkSendState

View = Callable[[admin.ModelAdmin, HttpRequest, Issue], HttpResponseBase]
HOME = {IssueState.SENDING: "progress", IssueState.SENT: "result", IssueState.STOPPED: "result"}


def page_url(model_admin: admin.ModelAdmin, address: str, view: View, *, changes: bool = False) -> URLPattern:
    """Return the URL of a page about one issue, for GET, or for POST if it `changes` something.

    Staff who may not change issues get 404.
    """

    def page(request: HttpRequest, pk: int) -> HttpResponseBase:
        if not model_admin.has_change_permission(request):
            raise Http404
        return view(model_admin, request, get_object_or_404(Issue.objects.select_related("bulk_send"), pk=pk))

    name = f"newsletters_issue_{address.strip('/').replace('/', '_').replace('.', '_')}"
    checked = require_POST(page) if changes else require_GET(page)
    return path(f"<int:pk>/{address}", model_admin.admin_site.admin_view(checked), name=name)


def page_context(
    model_admin: admin.ModelAdmin, request: HttpRequest, issue: Issue, title: str | Promise, **more: Any
) -> dict[str, Any]:
    return model_admin.admin_site.each_context(request) | {
        "opts": model_admin.opts,
        "title": title,
        "issue": issue,
        "media": model_admin.media,
        "zone": timezone.get_default_timezone(),
        **more,
    }


def is_paused(issue: Issue) -> bool:
    return issue.bulk_send is not None and issue.bulk_send.state == BulkSendState.PAUSED


def state_in_words(issue: Issue) -> str:
    """Return the issue's state. One that is being sent may be paused."""
    if issue.state == IssueState.SENDING and is_paused(issue):
        return str(BulkSendState.PAUSED.label)
    return issue.get_state_display()


def home_url(issue: Issue) -> str:
    """Return the URL of the page that shows where the issue stands: before, during or after its sending."""
    return reverse(f"admin:newsletters_issue_{HOME.get(IssueState(issue.state), 'send')}", args=[issue.pk])


def to_home(issue: Issue) -> HttpResponse:
    issue.refresh_from_db(fields=["state"])
    return redirect(home_url(issue))


def record(model_admin: admin.ModelAdmin, request: HttpRequest, issue: Issue, sentence: str) -> None:
    """Say what was done, and keep it in the issue's history."""
    model_admin.log_change(request, issue, sentence)
    model_admin.message_user(request, sentence, messages.SUCCESS)
