"""Every page of the workspace takes at most ten queries, whatever a hub has.

The URLs come from the URL configuration. One without a row in PAGES fails, so a new page needs a line here. The hub has so
many of everything that a query for each row of a list would be too many.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from hubs.models import Logo, Role, TeamInvitation
from registrations.models import Answer, Attendance, Intention
from registrations.services import Audience, Texts, invite, register, send_message
from registrations.services.colleagues import Colleague
from sessions_app.editing.saving import read_for_editing, save_listing
from sessions_app.models import Publication, Question, ReviewStep, Series
from tests.factories import HubFactory, MembershipFactory, SeriesFactory, SessionFactory, UserFactory
from tests.workspace.listing_forms import sent_from
from tests.workspace.urls import URLS, address

pytestmark = pytest.mark.django_db

MOST_QUERIES = 10
OF_EVERYTHING = 7
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@dataclass
class World:
    """A hub, its coordinator, and the keys of what URLs name, by the series that they belong to."""

    hub: Any
    coordinator: Any
    of: dict[str, dict[str, int]] = field(default_factory=dict)
    forms: dict[str, Any] = field(default_factory=dict)  # the pages whose forms are sent, by their URL


@dataclass(frozen=True)
class Page:
    """A request that is answered with a page. `data` is posted: values, or a function that makes them of the form's page."""

    status: int = 200
    about: str = "open"  # the series
    data: dict[str, Any] | Callable[[Any, World], dict[str, Any]] | None = None
    query: str = ""


def get(about="open", query=""):
    return Page(about=about, query=query)


def post(status, data=None, about="open"):
    return Page(status, about, data or {"csrfmiddlewaretoken": "x"})


def form(status, about="open", **changes):
    """The form for a series, sent with changes."""
    return post(status, lambda page, _world: sent_from(page, **changes), about)


def all_moved(status, *, without=(), meanwhile=None, **changes):
    """The form for the full series, with another date for every session, and `without` some rows."""

    def data(page, world):
        if meanwhile:
            meanwhile(world)
        sent = sent_from(page, **changes)
        for name, value in sent.items():
            if name.endswith("-date"):
                sent[name] = str(date.fromisoformat(value) + DAY)
        return {name: value for name, value in sent.items() if not name.startswith(tuple(without))}

    return post(status, data, "full")


def save_something_else(world):
    series = Series.objects.get(pk=world.of["full"]["series"])
    editing = read_for_editing(series)
    theirs = editing.data.with_values(title_en="Theirs", summary_en="Theirs too")
    save_listing(series, theirs, revision=editing.revision, by=world.coordinator, now=series.created_at)


def write(status, step, **changes):
    """The form for a message, sent with changes."""
    message = {"recipients": "everyone", "subject_en": "A case", "body_en": "Bring one.", "step": step} | changes
    return post(
        status,
        lambda _page, world: message | {"token": str(uuid4()), "person": [world.of["open"]["registration"]]},
    )


LINK = {"sessions__1__join_url": "https://example.ca/new"}
CLOSED = {"closes_date": "2026-11-23", "closes_time": "09:00"}  # an hour ago
TOO_LONG = {"comment": "x" * 5000, "note_en": "x" * 5000}
NO_PAGES = {"listing_withdraw", "listing_take_back", "team_resend", "team_revoke"}  # only buttons, which lead elsewhere
PAGES = {
    "choose": [get()],
    "home": [get()],
    "history": [get(), get(query="?about=registrations")],
    "hub_page": [get(), post(400, {"website": "no address"})],
    "hub_logo": [get(), post(400)],
    "hub_logo_remove": [get()],
    "embed": [get()],
    "team": [get()],
    "team_invite": [get(), post(400), post(400, {"email": "invited0@example.ca", "role": "editor", "language": "en"})],
    "team_leave": [get()],
    "team_role": [get(), post(400), post(400, {"role": "viewer"}, "own")],  # the only coordinator
    "team_remove": [get()],
    "listings": [get(), get(query="?q=series")],
    "listing": [get(about) for about in ("open", "full", "draft", "submitted", "past")],
    "listing_preview": [get("full"), get("draft")],
    "listing_new": [
        get(),
        form(200, action="add-session"),
        form(200, action="repeat", repeat__first="2027-03-18"),
        form(400),
    ],
    "listing_edit": [
        get("full"),
        get("draft"),
        form(200, action="add-session"),
        form(200, action="remove-question-0"),
        form(200, action="back"),
        form(400, title_en="", title_fr=""),
        # refused by the services
        form(400, "full", capacity="1"),
        form(400, "full", questions__0__kind="yes-no", **LINK),
        # what it means for people: a link at once, new dates after the approval, with a session and a question less
        form(200, "full", **LINK),
        all_moved(200),
        all_moved(200, title_en="Another title", capacity="", without=["sessions-3-", "questions-4-"]),
        all_moved(200, **CLOSED),
        # someone else saved meanwhile
        all_moved(409, title_en="Mine", meanwhile=save_something_else),
    ],
    "listing_submit": [get("draft"), post(400, TOO_LONG, "draft")],
    "listing_publish": [get("draft")],
    "listing_comment": [post(400), post(400, about="draft")],
    "listing_duplicate": [get("full"), post(400), post(200, {"first_date": "2027-05-05", "action": "show"}, "full")],
    "listing_cancel": [get("full"), post(400, TOO_LONG)],
    "listing_session": [get("full"), post(400, TOO_LONG)],
    "listing_archive": [get("past")],
    "listing_delete": [get("draft")],
    "registrants": [get("full"), get("full", "?state=waitlisted"), get("full", "?q=person+example")],
    "registrants_export": [get("full"), get("full", "?format=xlsx")],
    "registrants_print": [get("full")],
    "registrants_attendance": [get("full")],
    "registrants_add": [get(), post(400), post(400, {"email": "person@example.ca", "language": "en"}, "past")],
    "registrant": [get("full"), get("open")],
    "registrant_promote": [get("full"), post(400, about="full"), post(400, {"reason": "Please"}, "full")],
    "registrant_move": [
        get(),
        post(400),
        post(400, lambda _page, world: {"to": world.of["full"]["series"], "reason": "No seat is left there"}),
    ],
    "registrant_cancel": [get(), post(400)],
    "messages": [get("full")],
    "message": [get("full")],
    "message_new": [
        get("full"),
        write(400, "preview", body_en=""),
        write(200, "preview"),
        write(200, "edit", recipients="selected"),
    ],
}


@pytest.fixture
def world(now):
    hub = HubFactory(is_trusted=True)
    Logo.objects.create(hub=hub, content=b"", width=1, height=1, checksum="0", alt_en="A", alt_fr="A", made_at=now)
    own = MembershipFactory(hub=hub)
    world = World(hub, own.user)
    expires_at = now + DAY
    for n in range(OF_EVERYTHING):
        MembershipFactory(user=world.coordinator)
        SessionFactory(now=now, hub=hub, days=3)
        member = MembershipFactory(hub=hub, role=Role.VIEWER)
        email = f"invited{n}@example.ca"
        sent = {"created_at": now, "sent_at": now, "expires_at": expires_at, "invited_by": world.coordinator}
        invitation = TeamInvitation.objects.create(hub=hub, email=email, role=Role.VIEWER, **sent)
    open_to_all = {"hub": hub, "registration_opens_at": now - DAY, "late_joining": True}
    series = {
        "open": SeriesFactory(**open_to_all),
        "full": SeriesFactory(**open_to_all, capacity=2 * OF_EVERYTHING),
        "past": SeriesFactory(hub=hub),
        "draft": SeriesFactory(hub=hub, publication=Publication.DRAFT),
        "submitted": SeriesFactory(hub=hub, publication=Publication.SUBMITTED),
    }
    for name, one in series.items():
        for n in range(OF_EVERYTHING):
            session = SessionFactory(now=now, series=one, days=(-20 if name == "past" else 10) + n)
            one.review.create(step=ReviewStep.COMMENTED, by=member.user if n else None, at=now, comment="A comment.")
        keys = {"series": one.pk, "session": session.pk, "membership": member.pk, "invitation": invitation.pk}
        world.of[name] = keys
    world.of["own"] = keys | {"membership": own.pk}
    for name in ("open", "full"):
        world.of[name] |= fill(series[name], world.coordinator, now)
    full = Series.objects.get(pk=series["full"].pk)
    data = read_for_editing(full).data.with_values(credits_en="One hour")  # waits for approval
    save_listing(full, data, revision=0, by=world.coordinator, now=now)
    return world


def fill(series, coordinator, now):
    """Register people, with all that can follow: answers, attendance, absences, invitations, messages, a waitlist. Returns
    the keys of a registration and of a message. Nobody answers the last question.
    """
    past = SessionFactory(now=now, series=series, days=-7)
    sessions = list(series.sessions.all())
    questions = [
        Question.objects.create(series=series, position=n + 1, label_en=f"Question {n}") for n in range(Question.MOST)
    ]
    for _ in range(OF_EVERYTHING):
        one = register(series, UserFactory(with_profile=True), now=now - DAY)
        Answer.objects.bulk_create(
            Answer(registration=one, question=question, value=["A case."]) for question in questions[:-1]
        )
        Intention.objects.bulk_create(
            Intention(registration=one, session=session, is_coming=False, answered_at=now) for session in sessions
        )
        Attendance.objects.create(registration=one, session=past, joined_at=now)
        text = Texts(subject_en="Bring a case", body_en="Please.", subject_fr="", body_fr="")
        message = send_message(series, Audience("everyone", None, []), text, by=coordinator, token=uuid4(), now=now)
    invite(series, [Colleague("Ada", f"ada{series.pk}@example.ca")], by=one.user, language="en", now=now)
    if series.capacity:
        Series.objects.filter(pk=series.pk).update(capacity=OF_EVERYTHING + 1)
        for _ in range(OF_EVERYTHING):
            one = register(series, UserFactory(with_profile=True), now=now)
    return {"registration": one.pk, "message": message.pk}


def queries_of(client, world, name, asked):
    """Return the status of the answer, and the queries without the statements that begin and end transactions, which are
    savepoints in a test. What the request changes is undone."""
    url = address(name, world.hub, world.of[asked.about]) + asked.query
    with transaction.atomic():
        data = asked.data
        if callable(data):
            world.forms[url] = world.forms.get(url) or client.get(url)
            data = data(world.forms[url], world)
        with CaptureQueriesContext(connection) as captured:
            response = client.get(url) if data is None else client.post(url, data)
            if response.streaming:
                b"".join(response.streaming_content)
        transaction.set_rollback(True)
    return response.status_code, [query["sql"] for query in captured if "SAVEPOINT" not in query["sql"]]


def test_every_url_has_a_row():
    assert set(PAGES) | NO_PAGES == set(URLS), "Add a row to PAGES for each of these URLs."


def test_every_page_takes_at_most_ten_queries(client, world):
    client.force_login(world.coordinator)
    wrong = []
    for name, pages in PAGES.items():
        for number, asked in enumerate(pages):
            status, queries = queries_of(client, world, name, asked)
            if status != asked.status or len(queries) > MOST_QUERIES:
                wrong.append(f"{name}, row {number}: {status}, {len(queries)} queries")
    assert wrong == []
