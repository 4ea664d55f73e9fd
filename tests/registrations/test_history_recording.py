"""Every change of a hub, its team, a series and a registration is recorded, however it was made, with who made it."""

import importlib
import sys
from datetime import timedelta

import pghistory
import pytest
import time_machine
from django.apps import apps
from django.core import management
from django.db import connection
from django.test import Client
from django.urls import reverse

import manage
from accounts.models import User
from accounts.services import close
from echo_portal.checkout import engines
from hubs.history import START
from hubs.models import Hub, Role
from outbox.models import Message
from registrations import tasks
from registrations.models import Registration
from registrations.services import cancel, cancel_everything, register
from registrations.tokens import make_registration_token
from sessions_app.models import Series, Session
from tests.factories import HubFactory, MembershipFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
TRACKED = [
    "hubs.Hub",
    "hubs.Membership",
    "sessions_app.Series",
    "sessions_app.Session",
    "sessions_app.Question",
    "registrations.Registration",
]


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


def events(model):
    name = model if isinstance(model, str) else model._meta.label
    return apps.get_model(f"{name}Event").objects.order_by("pgh_id")


def labels(model):
    return list(events(model).values_list("pgh_label", flat=True))


def test_a_save_an_update_in_bulk_and_sql_are_recorded():
    hub = HubFactory(name_en="First")
    hub.name_en = "Second"
    hub.save()
    Hub.objects.filter(pk=hub.pk).update(name_en="Third")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE hubs_hub SET name_en = 'Fourth' WHERE id = %s", [hub.pk])
    Hub.objects.filter(pk=hub.pk).delete()
    names = list(events(Hub).values_list("pgh_label", "name_en"))
    assert names == [
        ("insert", "First"),
        ("update", "Second"),
        ("update", "Third"),
        ("update", "Fourth"),
        ("delete", "Fourth"),
    ]


def test_a_role_and_a_session_are_recorded(now):
    membership = MembershipFactory()
    membership.role = Role.VIEWER
    membership.save()
    assert list(events("hubs.Membership").values_list("role", flat=True)) == ["coordinator", "viewer"]
    session = SessionFactory(now=now)
    session.starts_at += timedelta(minutes=5)
    session.save()
    assert labels(Session) == ["insert", "update"]


def test_seats_and_dates_that_the_database_keeps_are_not_recorded(now):
    """A series would get an event for each seat, and its registrations are recorded anyway."""
    series = SessionFactory(now=now, capacity=5).series
    before = labels(Series)
    registration = register(series, UserFactory(with_profile=True), now=now)
    cancel(registration, now=now)
    session = series.sessions.get()
    session.starts_at += timedelta(minutes=5)
    session.save()
    assert labels(Series) == before
    assert labels(Registration) == ["insert", "update"]


def test_a_page_records_the_person(client, now):
    person = UserFactory(with_profile=True)
    registration = register(SessionFactory(now=now).series, person, now=now)
    client.force_login(person)
    client.post(reverse("registrations:cancel", args=[registration.series.slug]))
    event = events(Registration).last()
    assert (event.state, event.pgh_context) == ("cancelled", {"user": person.pk})


def test_signing_in_with_a_code_records_the_person_who_signed_in(client, open_series):
    form = {"name": "Ada", "email": "ada@example.ca", "profession": "registered-nurse", "province": "NL"}
    response = client.post(reverse("registrations:register", args=[open_series.slug]), form)
    code = Message.objects.get(message_type="code").data["code"]
    client.post(response.url, {"code": code})
    assert events(Registration).get().pgh_context == {"user": User.objects.get().pk}


def test_a_registration_that_a_second_factor_delayed_is_finished_by_a_get(rf, open_series, provider):
    """The only GET that changes something that is tracked: what was started by a POST."""
    from django.contrib.messages.storage.fallback import FallbackStorage

    from registrations.views.registering import settle

    request = rf.get("/")
    request.user, request.session = provider, Client().session
    request._messages = FallbackStorage(request)
    settle(request, open_series)
    assert events(Registration).get().pgh_context == {"user": provider.pk}


def test_a_link_in_an_email_records_that_nobody_was_signed_in(client, now, open_series, provider):
    registration = register(open_series, provider, now=now)
    token = make_registration_token(registration.pk, None)
    client.post(reverse("registrations:registration_link", args=[token]), {"action": "give-up"})
    event = events(Registration).last()
    assert (event.state, event.pgh_context) == ("cancelled", {"user": None})


def test_the_admin_records_the_person(client):
    staff = UserFactory(is_staff=True, is_superuser=True)
    hub = HubFactory(slug="estrie")
    client.force_login(staff)
    page = client.get(reverse("admin:hubs_hub_change", args=[hub.pk]))
    values = {
        name: value
        for name, value in page.context["adminform"].form.initial.items()
        if value is not None and not hasattr(value, "url")
    }
    inlines = {
        f"{formset.formset.prefix}-{name}_FORMS": 0
        for formset in page.context["inline_admin_formsets"]
        for name in ("TOTAL", "INITIAL")
    }
    response = client.post(page.request["PATH_INFO"], values | inlines | {"name_en": "By hand"})
    assert response.status_code == 302
    event = events(Hub).last()
    assert (event.name_en, event.pgh_context) == ("By hand", {"user": staff.pk})


def test_a_task_records_its_name(now, clock, open_series, provider):
    Series.objects.filter(pk=open_series.pk).update(capacity=0, waitlist_enabled=True)
    register(open_series, provider, now=now)
    clock.move_to(now + timedelta(days=11))
    tasks.close_due_waitlists.apply()
    event = events(Registration).last()
    assert event.state == "cancelled"
    assert event.pgh_context == {"task": "registrations.tasks.close_due_waitlists"}


def test_an_import_records_the_command(monkeypatch, tmp_path):
    monkeypatch.setattr(engines, "ensure", lambda: None)  # they run already
    # Django's own closes the test's connection afterwards
    monkeypatch.setattr(management, "execute_from_command_line", lambda argv: management.call_command(*argv[1:]))
    path = tmp_path / "program.yaml"
    path.write_text(engines.ROOT.joinpath("sessions_app/sample/estrie.yaml").read_text())
    HubFactory(slug="estrie")
    monkeypatch.setattr(sys, "argv", ["manage.py", "import_programme", str(path)])
    manage.main()
    contexts = [event.pgh_context for event in [*events(Series), *events(Session)]]
    assert contexts
    assert all(context == {"command": "import_programme"} for context in contexts)


def test_the_history_holds_no_personal_data_of_a_person(now):
    """Events name people by the number of their account, so closing it leaves nothing to clear."""
    person = UserFactory(with_profile=True, name="Amélie Tremblay", email="amelie@example.ca")
    registration = register(SessionFactory(now=now).series, person, now=now)
    MembershipFactory(user=person)
    with pghistory.context(user=person.pk):
        cancel_everything(person, now=now)
        close(person, now=now)
    assert Registration.objects.get().pk == registration.pk
    rows = [str(row) for name in TRACKED for row in events(name).values()]
    assert rows
    assert not [row for row in rows if "Amélie" in row or "amelie" in row]


def test_rows_that_are_older_than_the_history_get_their_first_event(now):
    SessionFactory(now=now, hub=MembershipFactory().hub)
    register(Series.objects.get(), UserFactory(with_profile=True), now=now)
    known = HubFactory()
    for name in TRACKED:
        events(name).exclude(**({"pgh_obj_id": known.pk} if name == "hubs.Hub" else {})).delete()

    migrations = ["hubs.migrations.0006", "sessions_app.migrations.0013", "registrations.migrations.0010"]
    with connection.schema_editor() as editor:
        for name in migrations:
            (operation,) = importlib.import_module(f"{name}_first_events").Migration.operations
            operation.code(apps, editor)
    assert labels(Registration) == labels(Session) == labels("hubs.Membership") == [START]
    assert sorted(labels(Hub)) == ["insert", START]
    event = events(Series).get()
    assert (event.pgh_obj, event.title_en) == (Series.objects.get(), Series.objects.get().title_en)

    with connection.schema_editor() as editor:
        operation.reverse_code(apps, editor)
    assert labels(Registration) == []
