"""Make issues that were sent, with emails in every state."""

from datetime import timedelta

from outbox.models import BulkSend, DeliveryReport, Message
from tests.factories import IssueFactory

OVER = ("sent", "stopped")
REASONS = {
    "failed": "451 Try again later.",
    "uncertain": "The worker stopped while the mail server had it.",
    "expired": "The sending was stopped.",
}


def sent_issue(now, *, state="sent", queued=0, **fields):
    """Return an issue whose sending began an hour before `now`. `sent=3, failed=1` says how many emails ended how."""
    names = ("sent", "failed", "suppressed", "uncertain", "unsubscribed", "expired")
    numbers = {name: fields.pop(name, 0) for name in names} | {"queued": queued}
    began = now - timedelta(hours=1)
    ended = now - timedelta(minutes=50) if state in OVER else None
    issue = IssueFactory(state=state, published_at=began, finished_at=ended, **fields)
    issue.bulk_send = BulkSend.objects.create(
        key=f"newsletter:{issue.pk}",
        audience=sum(numbers.values()),
        sent=numbers["sent"] if ended else None,
        started_at=began,
        finished_at=ended,
        state={"sent": "finished", "stopped": "stopped", "sending": "running"}[state],
    )
    issue.save()
    for name, number in numbers.items():
        for n in range(number):
            add_email(issue, name, f"{name}{n}@example.ca", now=now)
    return issue


def add_email(issue, state, to, *, now, **fields):
    settled = {} if state == "queued" else {"settled_at": now - timedelta(minutes=50)}
    given = {"language": "en", "reason": REASONS.get(state, ""), "not_before": now, "expires_at": now, **settled}
    return Message.objects.create(
        key=f"newsletter:{issue.pk}:{to}",
        message_type="newsletter",
        is_bulk=True,
        bulk_send=issue.bulk_send,
        to=to,
        state=state,
        **given | fields,
    )


def report(message, kind, at, detail=""):
    return DeliveryReport.objects.create(message=message, kind=kind, at=at, detail=detail)
