"""How the history writes a value, and who made a change where it was no person."""

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.db.models import BooleanField, DateTimeField, Field
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sessions_app.times import format_moment

# What the tasks are called on the page. Others are "the portal".
TASKS: dict[str, str | Promise] = {
    "registrations.tasks.close_due_waitlists": gettext_lazy("The portal, when registration closed"),
    "registrations.tasks.expire_invitations": gettext_lazy("The portal, when an invitation wasn’t answered in time"),
    "registrations.tasks.delete_unproven_accounts": gettext_lazy("The portal, when an account wasn’t confirmed"),
}
COMMANDS: dict[str, str | Promise] = {
    "import_programme": gettext_lazy("Pallium staff, by importing a program"),
    "sample_data": gettext_lazy("The sample data"),
}


def name_of_program(context: dict[str, Any]) -> str:
    """Return who made a change, for the context of one that no signed-in person made (echo_portal/history.py)."""
    if "task" in context:
        return str(TASKS.get(context["task"], _("The portal, automatically")))
    if "command" in context:
        return str(COMMANDS.get(context["command"], _("The portal’s operators")))
    if "user" in context:
        return _("Someone who wasn’t signed in, with the link from an email")
    return _("The portal’s operators")


def format_value(field: "Field[Any, Any]", value: Any, zone: ZoneInfo) -> str:
    """Return a value of an event, as JSON has it, in words. Empty if there is none."""
    if value is None or value in ("", []):
        return ""
    if isinstance(field, ArrayField):
        return ", ".join(_label(field.base_field, item) for item in value)
    if isinstance(field, BooleanField):
        return _("Yes") if value else _("No")
    if isinstance(field, DateTimeField):
        return format_moment(field.to_python(value), zone)
    return _label(field, value)


def _label(field: "Field[Any, Any]", value: Any) -> str:
    return str(dict(field.flatchoices).get(value, value))
