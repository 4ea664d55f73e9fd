"""What waits for staff, on the first page of the admin."""

from typing import Any

from django import template

from sessions_app.models import ChangeRequest, Publication, Series

register = template.Library()


@register.inclusion_tag("admin/sessions_app/waiting.html", takes_context=True)
def waiting_for_review(context: dict[str, Any]) -> dict[str, int]:
    """Return how many listings and changes wait, for staff who may review them."""
    user = context["request"].user
    if not user.has_perm("sessions_app.change_series"):
        return {"listings": 0, "changes": 0}
    return {
        "listings": Series.objects.filter(publication=Publication.SUBMITTED).count(),
        "changes": ChangeRequest.objects.filter(state=ChangeRequest.State.WAITING).count(),
    }
