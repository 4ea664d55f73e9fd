"""Helpers for the tests of the form for a series: what a browser would send for the form that a page shows."""

from typing import Any

SESSION = {"date": "2027-03-18", "start": "12:00", "end": "13:00"}


def sent_from(response: Any, **changes: Any) -> dict[str, Any]:
    """Return what the browser sends for the form on a page, with `changes` by the field's name ("sessions__0__date")."""
    editor = response.context["editor"]
    sent: dict[str, Any] = {"start": editor.start.sign(), "action": "save"}
    formsets = [editor.sessions, editor.questions]
    forms = [editor.form, editor.repeat, *(formset.management_form for formset in formsets)]
    for form in [*forms, *(row for formset in formsets for row in formset)]:
        for field in form:
            value = field.value()
            if value is not None and value is not False:
                sent[field.html_name] = value if isinstance(value, list) else str(value)
    return sent | {name.replace("__", "-"): value for name, value in changes.items()}


def with_sessions(sent: dict[str, Any], *sessions: dict[str, Any]) -> dict[str, Any]:
    """Return the form with these sessions in place of its own."""
    sent = {name: value for name, value in sent.items() if not name.startswith("sessions-")}
    sent |= {"sessions-TOTAL_FORMS": str(len(sessions)), "sessions-INITIAL_FORMS": "0"}
    for number, session in enumerate(sessions):
        sent |= {f"sessions-{number}-{name}": value for name, value in session.items()}
    return sent
