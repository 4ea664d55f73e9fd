"""What waits for staff, on the first page of the admin."""

from typing import Any

from django import template
from django.utils import timezone

from hubs.models import PartnerInterest, Stage
from sessions_app.models import ChangeRequest, Publication, Series

register = template.Library()


@register.inclusion_tag("admin/sessions_app/waiting.html", takes_context=True)
def waiting_for_review(context: dict[str, Any]) -> dict[str, int]:
    """Return how many listings, changes and partner interests wait, for staff who may work on them."""
    user = context["request"].user
    counts = {}
    if user.has_perm("sessions_app.change_series"):
        counts["listings"] = Series.objects.filter(publication=Publication.SUBMITTED).count()
        counts["changes"] = ChangeRequest.objects.filter(state=ChangeRequest.State.WAITING).count()
    if user.has_perm("hubs.change_partnerinterest"):
        counts["interests"] = PartnerInterest.objects.filter(stage=Stage.NEW).count()
        counts["overdue"] = PartnerInterest.objects.overdue(timezone.localdate()).count()
    return counts
