"""Who did not get an issue and why: a list, a file, and trying again for those where that is safe."""

from collections.abc import Iterator
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from newsletters.admin.issue_pages import page_context, record, to_home
from newsletters.models import Issue, IssueState
from newsletters.results import Reason, count_unreached, describe, describe_all, unreached
from newsletters.services import sending
from registrations.exports import Row, csv_lines, neutralized

ON_A_PAGE = 100


def unreached_page(model_admin: admin.ModelAdmin, request: HttpRequest, issue: Issue) -> HttpResponseBase:
    if issue.is_editable:
        return to_home(issue)
    reason, search = _chosen(request)
    counts = count_unreached(issue)
    paginator = Paginator(unreached(issue, reason, search), ON_A_PAGE)
    if not search:
        paginator.count = counts.get(Reason(reason), 0) if reason else sum(counts.values())
    page = paginator.get_page(request.GET.get("page"))
    context = page_context(
        model_admin,
        request,
        issue,
        gettext_lazy("Who didn’t get it"),
        reasons=[("", _("All"), sum(counts.values())), *((one, one.label, n) for one, n in counts.items())],
        reason=reason,
        search=search,
        page=page,
        people=describe(list(page.object_list)),
        query=urlencode({"reason": reason, "q": search}),
        counts=counts,
        **_retry(issue, counts),
    )
    return TemplateResponse(request, "admin/newsletters/unreached.html", context)


def unreached_csv(model_admin: admin.ModelAdmin, request: HttpRequest, issue: Issue) -> HttpResponseBase:
    """Stream the list as a file, with the same choice of reason and address."""
    if issue.is_editable:
        return to_home(issue)
    table = UnreachedTable(issue, *_chosen(request))
    response = StreamingHttpResponse(csv_lines(table), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{issue.slug}.csv"'
    return response


class UnreachedTable:
    """The people who did not get an issue, in the language that is active when the table is made."""

    def __init__(self, issue: Issue, reason: str, search: str) -> None:
        self.emails = unreached(issue, reason, search)
        self.language = translation.get_language()
        self.header: Row = [
            _("Email address"),
            _("Language"),
            _("Reason"),
            _("Suppressed because"),
            _("Server’s reply"),
        ]

    def rows(self) -> Iterator[Row]:
        languages = dict(settings.LANGUAGES)
        for person in describe_all(self.emails):
            with translation.override(self.language):  # rows are written after the view has returned
                suppression = str(person.suppression.label) if person.suppression else ""
                words = str(languages[person.language]), str(person.reason.label), suppression
            yield [neutralized(cell) for cell in (person.address, *words, person.reply)]


def _chosen(request: HttpRequest) -> tuple[str, str]:
    reason = request.GET.get("reason", "")
    return reason if reason in Reason.values else "", request.GET.get("q", "").strip()


def retry(model_admin: admin.ModelAdmin, request: HttpRequest, issue: Issue) -> HttpResponse:
    """Send again to those for whom that is safe."""
    count = sending.retry_failed(issue, now=timezone.now())
    if count:
        sentence = ngettext("We’re trying again for %(n)s person.", "We’re trying again for %(n)s people.", count)
        record(model_admin, request, issue, sentence % {"n": count})
    else:
        model_admin.message_user(request, _("It isn’t safe to try again for anyone."), messages.WARNING)
    return to_home(issue)


def _retry(issue: Issue, counts: dict[Reason, int]) -> dict[str, int]:
    """Return for how many people it is safe to try again, and how many of the others may have the issue already."""
    return {
        "retryable": 0 if issue.state == IssueState.STOPPED else sending.retryable(issue).count(),
        "uncertain": counts.get(Reason.UNCERTAIN, 0),
    }
