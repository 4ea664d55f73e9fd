"""What an issue's admin has for its sending: the pages about it, and the columns of the list."""

from typing import Any

from django.contrib import admin
from django.db.models import Case, Count, F, OuterRef, Subquery, When
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from newsletters.admin import progress, sending, unreached
from newsletters.admin.issue_pages import home_url, page_url, state_in_words
from newsletters.models import Issue, IssueState
from newsletters.templatetags.newsletter_admin import moment, thousands
from outbox.models import Message, State

# The classes of portal-admin.css.
COLOURS = {
    IssueState.SCHEDULED: "status--waitlist",
    IssueState.OVERDUE: "status--cancelled",
    IssueState.SENDING: "status--opening-soon",
    IssueState.SENT: "status--open",
}


class SendingMixin(admin.ModelAdmin):
    list_display = ["subject", "state_label", "when", "audience_size", "sent_share"]
    list_select_related = ["bulk_send"]

    class Media:
        css = {"all": ["admin/portal-admin.css"]}

    def get_urls(self) -> list[URLPattern]:
        return [
            page_url(self, "send/", sending.send_page),
            page_url(self, "send/now/", sending.start, changes=True),
            page_url(self, "schedule/", sending.schedule, changes=True),
            page_url(self, "unschedule/", sending.unschedule, changes=True),
            page_url(self, "progress/", progress.progress_page),
            page_url(self, "progress/figures/", progress.progress_figures),
            page_url(self, "pause/", progress.pause, changes=True),
            page_url(self, "resume/", progress.resume, changes=True),
            page_url(self, "stop/", progress.ask_stop),
            page_url(self, "stop/now/", progress.stop, changes=True),
            page_url(self, "result/", progress.result_page),
            page_url(self, "unreached/", unreached.unreached_page),
            page_url(self, "unreached.csv", unreached.unreached_csv),
            page_url(self, "retry/", unreached.retry, changes=True),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> Any:
        """Add how many emails of each issue were sent. They are counted only while an issue is being sent."""
        sent = Message.objects.filter(bulk_send=OuterRef("bulk_send"), state=State.SENT).order_by().values("bulk_send")
        counted = Coalesce(Subquery(sent.annotate(n=Count("pk")).values("n")), 0)
        known = When(bulk_send__finished_at__isnull=False, bulk_send__sent__isnull=False, then=F("bulk_send__sent"))
        return super().get_queryset(request).annotate(sent=Case(known, default=counted))

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """Issues that are not sent yet come first."""
        return [F("published_at").desc(nulls_first=True), "-pk"]

    @admin.display(description=gettext_lazy("subject"), ordering="title_en")
    def subject(self, issue: Issue) -> str:
        return issue.title

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_label(self, issue: Issue) -> SafeString:
        """Show the state as a link to the page where the sending stands."""
        link, colour = home_url(issue), COLOURS.get(IssueState(issue.state), "")
        return format_html('<a href="{}"><span class="status {}">{}</span></a>', link, colour, state_in_words(issue))

    @admin.display(description=gettext_lazy("when"), ordering="published_at")
    def when(self, issue: Issue) -> str:
        at = issue.published_at or issue.scheduled_at
        return moment(at) if at else "–"

    @admin.display(description=gettext_lazy("audience"))
    def audience_size(self, issue: Issue) -> str:
        return thousands(issue.bulk_send.audience) if issue.bulk_send else "–"

    @admin.display(description=gettext_lazy("sent share"))
    def sent_share(self, issue: Any) -> str:
        if issue.bulk_send is None or not issue.bulk_send.audience:
            return "–"
        return _("%(n)s%%") % {"n": issue.sent * 100 // issue.bulk_send.audience}
