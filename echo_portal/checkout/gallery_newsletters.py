"""Sample emails of the newsletter, for the gallery (gallery.py)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from accounts.zones import PROJECT_ZONE
from newsletters.models import Issue, IssueRendering, IssueState, Subscriber, SubscriptionRequest, Topic
from newsletters.rendering import render_issue
from outbox.models import BulkSend, BulkSendState, PauseReason
from registrations.models import Registration
from sessions_app.models import Series, Session

Rows = dict[str, Any]


def _sample_issue(rows: Rows, now: datetime, state: IssueState) -> Issue:
    slug = f"gallery-issue-{state}"
    texts = {
        "title_en": "Three new series, and a guide for families",
        "title_fr": "Trois nouvelles séries et un guide pour les familles",
        "body_en": "Good morning,\n\nRegistration opens this week for three series.",
        "body_fr": "Bonjour,\n\nLes inscriptions à trois séries s’ouvrent cette semaine.",
    }
    return Issue.objects.get_or_create(slug=slug, defaults={"state": state, "published_at": now, **texts})[0]


def _newsletter(rows: Rows, now: datetime) -> Rows:
    issue, person = _sample_issue(rows, now, IssueState.SENDING), rows["person"]
    rendered = render_issue(issue, person.language, now=now)
    IssueRendering.objects.create(issue=issue, language=person.language, **vars(rendered))
    fields = {"language": person.language, "topics": Topic.values, "subscribed_at": now}
    fields |= {"token": "gallery-" + "0" * 24}
    subscriber, _is_new = Subscriber.objects.get_or_create(email=person.email, defaults=fields)
    return {"issue": issue.pk, "subscriber": subscriber.pk}


def _issue_overdue(rows: Rows, now: datetime) -> Rows:
    return {"issue": _sample_issue(rows, now, IssueState.OVERDUE).pk}


def _issue_paused(rows: Rows, now: datetime) -> Rows:
    issue = _sample_issue(rows, now, IssueState.SENDING)
    issue.bulk_send = BulkSend.objects.create(
        key="gallery", state=BulkSendState.PAUSED, pause_reason=PauseReason.SILENCE, started_at=now
    )
    issue.save()
    return {"issue": issue.pk}


def _subscriber(rows: Rows, now: datetime) -> Subscriber:
    person = rows["person"]
    fields = {"language": person.language, "profession": "registered-nurse", "province": "NL", "subscribed_at": now}
    fields |= {"topics": Topic.values, "token": "gallery-" + "0" * 24}
    Registration.objects.filter(user=person).delete()
    return Subscriber.objects.get_or_create(email=person.email, defaults=fields)[0]


def _to_subscriber(rows: Rows, now: datetime) -> Rows:
    return {"subscriber": _subscriber(rows, now).pk}


def _series_for_subscribers(rows: Rows, now: datetime) -> list[Series]:
    """Return two series that are open for registration, in both languages."""
    Series.objects.filter(pk=rows["series"].pk).update(publication="published", language="both")
    fields = {"title_en": "Pain at Home", "title_fr": "La douleur à domicile", "capacity": 30, "seats_taken": 26}
    fields |= {"publication": "published", "registration_opens_at": now - timedelta(days=1), "language": "both"}
    other, is_new = Series.objects.get_or_create(slug="gallery-pain", defaults=fields)
    if is_new:
        at = now + timedelta(days=2, hours=1)
        Session.objects.create(series=other, starts_at=at, ends_at=at + timedelta(hours=1))
    return [rows["series"], other]


def _session_news(rows: Rows, now: datetime) -> Rows:
    series = _series_for_subscribers(rows, now)
    return _to_subscriber(rows, now) | {"series": [one.pk for one in series]}


def _session_reminder(rows: Rows, now: datetime) -> Rows:
    """Both series meet on the same day, and there is more than the email lists."""
    first, second = (series.sessions.order_by("-starts_at")[0] for series in _series_for_subscribers(rows, now))
    first.starts_at, first.ends_at = second.starts_at, second.ends_at
    first.save()
    day = second.starts_at.astimezone(ZoneInfo(PROJECT_ZONE)).date().isoformat()
    return _to_subscriber(rows, now) | {"day": day, "sessions": [first.pk, second.pk], "more": 3}


def _registration_opened(rows: Rows, now: datetime) -> Rows:
    return {"series": _series_for_subscribers(rows, now)[0].pk}


def _subscription(rows: Rows, now: datetime) -> Rows:
    language, person = rows["person"].language, rows["person"]
    choices = {"topics": Topic.values, "language": language, "profession": "registered-nurse", "province": "NL"}
    subscriber, _is_new = Subscriber.objects.get_or_create(
        email=person.email, defaults={"subscribed_at": now, "name": person.name, **choices}
    )
    return {"subscriber": subscriber.pk, "request": _subscription_request(rows, now)["request"]}


def _subscription_request(rows: Rows, now: datetime) -> Rows:
    values = {"topics": Topic.values, "language": rows["person"].language, "page": "/en/", "created_at": now}
    return {"request": SubscriptionRequest.objects.create(email=rows["person"].email, **values).pk}


def _issue_to_test(rows: Rows, now: datetime) -> Rows:
    issue = Issue.objects.create(
        slug="gallery-issue",
        title_en="Grief in the team",
        title_fr="Le deuil dans l’équipe",
        preview_en="Three small habits that teams told us about.",
        preview_fr="Trois petites habitudes que des équipes nous ont racontées.",
        body_en="Those who care for dying people grieve too.\n\n## Upcoming sessions\n\n[[upcoming sessions 2]]",
        body_fr="Les personnes qui soignent vivent aussi des deuils.\n\n## Séances à venir\n\n[[séances à venir 2]]",
    )
    return {"issue": issue.pk}


SAMPLES: dict[str, Callable[[Rows, datetime], Rows]] = {
    "newsletter": _newsletter,
    "issue-overdue": _issue_overdue,
    "issue-paused": _issue_paused,
    "subscription-confirm": _subscription_request,
    "subscription-exists": _subscription,
    "subscription-new-address": _subscription_request,
    "subscription-moved": lambda _rows, _now: {},
    "subscription-link": _subscription,
    "subscription-private": _subscription,
    "newsletter-test": _issue_to_test,
    "session-news": _session_news,
    "session-reminder": _session_reminder,
    "registration-opened": _registration_opened,
}
