"""What the newsletter's pages in the admin show: large numbers, times, and what waits for staff."""

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from newsletters.models import Issue, IssueState
from sessions_app.times import format_moment

register = template.Library()

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@register.filter
def thousands(number: int) -> str:
    """Return "140,000"; in French "140 000"."""
    return number_format(number, use_l10n=True, force_grouping=True)


@register.filter
def moment(at: datetime) -> str:
    """Return "November 26, 2026, 9:00 am ET", in the project's time zone."""
    return format_moment(at, timezone.get_default_timezone())


@register.filter
def about(span: timedelta) -> str:
    """Return roughly how long something takes: "less than a minute", "about 3 minutes", "about 2 hours"."""
    if span < MINUTE:
        return _("less than a minute")
    if span < HOUR:
        minutes = round(span / MINUTE)
        return ngettext("about %(n)s minute", "about %(n)s minutes", minutes) % {"n": minutes}
    hours = round(span / HOUR)
    return ngettext("about %(n)s hour", "about %(n)s hours", hours) % {"n": hours}


@register.inclusion_tag("admin/newsletters/waiting.html", takes_context=True)
def issues_waiting(context: dict[str, Any]) -> dict[str, Any]:
    """Return the issues that wait for a go-ahead, for staff who may give it."""
    may_send = context["request"].user.has_perm("newsletters.change_issue")
    return {"issues": list(Issue.objects.filter(state=IssueState.OVERDUE).order_by("scheduled_at")) if may_send else []}
