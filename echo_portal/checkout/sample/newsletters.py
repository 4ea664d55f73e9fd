"""Sample subscribers, two issues that were sent to them with the results, a draft, and the overview of the project.

Rows are written directly, so that nobody is emailed.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw

from accounts.choices import Profession, Province
from accounts.languages import LANGUAGES
from accounts.models import User
from echo_portal.checkout.sample.issue_texts import DRAFT, FIRST, OVERVIEW, OVERVIEW_TEXTS, SECOND
from echo_portal.checkout.sample.pdf import make_pdf
from newsletters.models import (
    ConsentAction,
    ConsentEvent,
    Issue,
    IssueRendering,
    IssueState,
    Picture,
    Publication,
    Subscriber,
    Topic,
)
from newsletters.rendering import render_issue
from newsletters.services.pictures import picture_values, redraw
from newsletters.services.publications import save_file
from outbox.models import BulkSend, BulkSendState, DeliveryReport, Message, State
from sessions_app.models import Series

SUBSCRIBERS = 60
CHUNK = 5_000
A_DAY = timedelta(days=1)
WORDING = "Yes, email me what I chose above. I can unsubscribe at any time."
TOPICS = [
    [Topic.NEWSLETTER],
    [Topic.NEWSLETTER, Topic.SESSION_NEWS],
    [Topic.NEWSLETTER, Topic.SESSION_NEWS, Topic.REMINDERS],
]
# How the first emails of an issue ended. All others were sent.
ENDED = {3: State.FAILED, 17: State.SUPPRESSED, 29: State.UNSUBSCRIBED}
BOUNCED, COMPLAINED = 8, 41
ALT_EN = "Two colleagues sit on a bench and look at the evening sky"
ALT_FR = "Deux collègues, sur un banc, regardent le ciel du soir"


def make_newsletters(crowd: list[User], staff: User, now: datetime) -> None:
    """Create everything, with `crowd` as subscribers. Does nothing if there is an issue already."""
    if Issue.objects.exists():
        return
    subscribers = _make_subscribers(crowd[:: max(len(crowd) // SUBSCRIBERS, 1)], now - 60 * A_DAY)
    morning = now.replace(hour=14, minute=0, second=0, microsecond=0)  # 9 or 10 am in Toronto
    _make_sent(FIRST, subscribers, staff, morning - 35 * A_DAY)
    _make_sent(SECOND, subscribers, staff, morning - 6 * A_DAY)
    Issue.objects.create(**DRAFT, created_by=staff)
    _make_overview(now)


def _make_subscribers(people: Iterable[User], since: datetime) -> list[Subscriber]:
    return _create(
        (
            Subscriber(
                email=person.email,
                name=person.name,
                profession=person.profile.profession,
                province=person.profile.province,
                language=person.language,
                topics=TOPICS[n % len(TOPICS)],
                subscribed_at=since - n * A_DAY,
            )
            for n, person in enumerate(people)
        )
    )


def many_subscribers(count: int, now: datetime, report: Callable[[str], None]) -> None:
    """Insert confirmed subscribers in bulk, each with the record of their consent."""
    for start in range(0, count, CHUNK):
        numbers = range(start, min(start + CHUNK, count))
        _create(
            Subscriber(
                email=f"subscriber{n}@echo.example.ca",
                name=f"Subscriber {n}",
                profession=Profession.values[n % 20],
                province=Province.values[n % 13],
                language="fr" if n % 4 == 0 else "en",
                topics=TOPICS[n % len(TOPICS)],
                subscribed_at=now - timedelta(minutes=n),
            )
            for n in numbers
        )
        report(f"{numbers.stop} of {count} subscribers")


def _create(subscribers: Iterable[Subscriber]) -> list[Subscriber]:
    """Insert the subscribers, and the two steps of their consent."""
    created = Subscriber.objects.bulk_create(subscribers)
    ConsentEvent.objects.bulk_create(
        ConsentEvent(
            at=subscriber.subscribed_at - (timedelta(minutes=5) if action == ConsentAction.ASKED else timedelta()),
            email=subscriber.email,
            action=action,
            topics=subscriber.topics,
            wording=WORDING,
            wording_version="sample",
            language=subscriber.language,
            page="/en/newsletter/",
        )
        for subscriber in created
        for action in (ConsentAction.ASKED, ConsentAction.CONFIRMED)
    )
    return created


def _make_sent(texts: dict[str, str], subscribers: list[Subscriber], staff: User, at: datetime) -> None:
    """Create an issue that was sent at `at`, with its frozen texts and what became of each email."""
    send = BulkSend.objects.create(
        key=f"newsletter:{texts['slug']}",
        state=BulkSendState.FINISHED,
        audience=len(subscribers),
        started_at=at,
        finished_at=at + timedelta(minutes=2),
    )
    issue = Issue.objects.create(
        **texts,
        state=IssueState.SENT,
        scheduled_at=at,
        published_at=at,
        finished_at=send.finished_at,
        bulk_send=send,
        created_by=staff,
    )
    if "picture:{" in issue.body_en:
        _fill_in(issue, at)
    for language in LANGUAGES:
        rendered = render_issue(issue, language, now=at)
        IssueRendering.objects.create(issue=issue, language=language, **vars(rendered))
    _make_results(issue, send, subscribers, at)


def _fill_in(issue: Issue, at: datetime) -> None:
    """Add the picture, and the links that depend on the sample program."""
    picture = Picture.objects.create(
        issue=issue, **picture_values(redraw(_evening())), alt_en=ALT_EN, alt_fr=ALT_FR, made_at=at
    )
    grief = Series.objects.get(slug="grief-in-the-team")
    values: dict[str, Any] = {"picture": picture.pk, "grief": f"/fr/seances/{grief.slug_fr or grief.slug}/"}
    issue.body_en, issue.body_fr = (body.format(**values) for body in (issue.body_en, issue.body_fr))
    issue.save()


def _make_results(issue: Issue, send: BulkSend, subscribers: list[Subscriber], at: datetime) -> None:
    messages = Message.objects.bulk_create(
        Message(
            key=f"newsletter:{issue.pk}:{subscriber.pk}",
            message_type="newsletter",
            is_bulk=True,
            bulk_send=send,
            to=subscriber.email,
            language=subscriber.language,
            data={"issue": issue.pk, "subscriber": subscriber.pk},
            state=ENDED.get(n, State.SENT),
            reason="550 5.1.1 No such user" if ENDED.get(n) == State.FAILED else "",
            not_before=at,
            expires_at=at + 2 * A_DAY,
            settled_at=at + timedelta(seconds=n),
            subject=issue.title_fr if subscriber.language == "fr" else issue.title_en,
        )
        for n, subscriber in enumerate(subscribers)
    )
    DeliveryReport.objects.bulk_create(
        DeliveryReport(message=message, kind=_report(n), at=at + timedelta(minutes=1, seconds=n))
        for n, message in enumerate(messages)
        if message.state == State.SENT
    )


def _report(n: int) -> str:
    special = {BOUNCED: DeliveryReport.Kind.BOUNCED, COMPLAINED: DeliveryReport.Kind.COMPLAINED}
    return special.get(n, DeliveryReport.Kind.DELIVERED)


def _make_overview(now: datetime) -> None:
    publication = Publication.objects.create(**OVERVIEW)
    for language in LANGUAGES:
        title = OVERVIEW[f"title_{language}"]
        save_file(publication, language, make_pdf(title, OVERVIEW_TEXTS[language], f"{language}-CA"), now=now)


def _evening() -> BytesIO:
    """Draw two people on a bench in front of the evening sky, as an upload would be."""
    image = Image.new("RGB", (1200, 600), "#f3d9b1")
    draw = ImageDraw.Draw(image)
    for n in range(8):
        draw.rectangle([0, n * 60, 1200, n * 60 + 60], fill=(243 - n * 6, 217 - n * 12, 177 - n * 8))
    draw.ellipse([820, 210, 980, 370], fill="#c8672e")
    draw.polygon([(0, 420), (260, 300), (520, 400), (800, 330), (1200, 430), (1200, 600), (0, 600)], fill="#2f6b63")
    draw.rectangle([0, 470, 1200, 600], fill="#16302e")
    for x, color in ((360, "#0d5650"), (500, "#8a4b2a")):
        draw.ellipse([x + 18, 330, x + 82, 394], fill=color)
        draw.rounded_rectangle([x, 400, x + 100, 510], radius=40, fill=color)
    draw.rectangle([310, 500, 650, 516], fill="#d9d3c4")
    for x in (330, 616):
        draw.rectangle([x, 516, x + 14, 560], fill="#d9d3c4")
    file = BytesIO()
    image.save(file, "PNG")
    file.seek(0)
    return file
