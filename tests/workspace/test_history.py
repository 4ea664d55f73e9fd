"""Coordinators read who changed what in their hub, with the values before and after. Staff read the same in the admin."""

from datetime import timedelta

import pghistory
import pytest
import time_machine
from django.urls import reverse

from accounts.services import close
from hubs.models import Hub, Role
from registrations.history import PER_PAGE, read_history, scope_of_hub, scope_of_registration
from registrations.models import Registration
from registrations.services import cancel, register, register_for
from sessions_app.models import Series
from tests.factories import HubFactory, MembershipFactory, SeriesFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)  # so that each change has its own time


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def coordinator():
    return MembershipFactory(user__name="Rosa Cole", hub__slug="northern", hub__name_en="Northern hub").user


@pytest.fixture
def hub(coordinator):
    return Hub.objects.get(slug="northern")


@pytest.fixture
def session(hub, now):
    return SessionFactory(now=now, hub=hub, title_fr="", time_zone="America/Vancouver")


def entries(hub, **by):
    return read_history(scope_of_hub(hub.pk).for_workspace(hub)).entries


def latest(hub):
    """Return (who, action, kind, name, {label: (before, after)}) of the latest change."""
    entry = entries(hub)[0]
    change = entry.changes[0]
    fields = {
        field.label: (field.before.replace("\u00a0", " "), field.after.replace("\u00a0", " "))
        for field in change.fields
    }
    return entry.who, change.action, change.kind, change.name, fields


def page(client, hub, **query):
    return client.get(reverse("workspace:history", args=[hub.slug]), query)


def text(response):
    return " ".join(response.content.decode().replace("\u00a0", " ").split())


def as_person(person):
    return pghistory.context(user=person.pk)


def test_an_edited_session_shows_both_times_in_the_zone_of_the_series(hub, session, coordinator):
    with as_person(coordinator):
        session.starts_at += timedelta(minutes=30)
        session.save()
    who, action, kind, name, fields = latest(hub)
    assert (who, action, kind) == ("Rosa Cole", "update", "Session")
    assert fields == {"Starts": ("December 3, 2026, 8:00 am B.C. time", "December 3, 2026, 8:30 am B.C. time")}
    assert "December" in name


def test_choices_lists_and_yes_or_no_are_written_in_words(hub, session, coordinator):
    series = session.series
    with as_person(coordinator):
        series.language, series.audience, series.late_joining = "both", ["registered-nurse", "physician"], True
        series.save()
    fields = latest(hub)[4]
    assert fields["Language of the sessions"] == ("English", "English and French")
    assert fields["Late joining"] == ("No", "Yes")
    assert fields["Meant for"][0] == ""
    assert "nurse" in fields["Meant for"][1].lower()


def test_what_one_person_saved_at_once_is_one_entry(hub, session, coordinator):
    from django.db import transaction

    before = len(entries(hub))
    with as_person(coordinator), transaction.atomic():
        Series.objects.filter(pk=session.series_id).update(capacity=12)
        session.title_en = "Opening"
        session.save()
    assert entries(hub)[0].who == "Rosa Cole"
    assert len(entries(hub)) == before + 1
    assert {change.kind for change in entries(hub)[0].changes} == {"Series", "Session"}


def test_a_deleted_session_keeps_its_name(hub, session, coordinator):
    session.title_en = "Breathlessness"
    session.save()
    with as_person(coordinator):
        session.delete()
    who, action, _kind, name, fields = latest(hub)
    assert (who, action, name.partition(" (")[0]) == ("Rosa Cole", "delete", "Breathlessness")
    assert fields["Title (English)"] == ("Breathlessness", "")


def test_a_deleted_series_and_its_sessions_stay_in_the_history_of_the_hub(hub, session, coordinator):
    session.series.title_en = "Grief in the team"
    session.series.save()
    with as_person(coordinator):
        session.series.delete()
    changes = [change for entry in entries(hub) for change in entry.changes if change.action == "delete"]
    assert {(change.kind, change.series) for change in changes} == {("Series", ""), ("Session", "Grief in the team")}


def test_who_is_named_by_their_part(hub, session, now, provider):
    staff = UserFactory(is_staff=True, name="Sam Staff")
    with as_person(staff):
        Hub.objects.filter(pk=hub.pk).update(is_trusted=True)
    assert latest(hub)[0] == "Pallium staff"
    assert read_history(scope_of_hub(hub.pk)).entries[0].who == "Sam Staff"
    with as_person(provider):
        register(session.series, provider, now=now)
    assert latest(hub)[:4] == (provider.name, "insert", "Registration", provider.name)
    for context, who in [
        ({"user": None}, "Someone who wasn’t signed in, with the link from an email"),
        ({"task": "registrations.tasks.close_due_waitlists"}, "The portal, when registration closed"),
        ({"task": "another"}, "The portal, automatically"),
        ({"command": "import_programme"}, "Pallium staff, by importing a program"),
        ({"command": "shell"}, "The portal’s operators"),
    ]:
        with pghistory.context(**context):
            cancel(Registration.objects.active().get(), now=now)
        assert latest(hub)[0] == who
        register(session.series, provider, now=now)
    assert latest(hub)[0] == "The portal’s operators"


def test_someone_who_left_the_team_keeps_their_name_and_a_closed_account_has_none(hub, session, now):
    former = MembershipFactory(hub=hub, user__name="Former Editor", user__is_staff=True)
    with as_person(former.user):
        Series.objects.filter(pk=session.series_id).update(capacity=12)
    former.delete()
    assert "Former Editor" in {entry.who for entry in entries(hub)}
    close(former.user, now=now)
    assert "Someone who has closed their account" in {entry.who for entry in entries(hub)}


def test_a_registration_shows_what_became_of_it(hub, session, now, provider):
    registration = register(session.series, provider, now=now)
    cancel(registration, now=now)
    _who, action, _kind, name, fields = latest(hub)
    assert (action, name) == ("update", provider.name)
    assert fields == {"State": ("Registered", "Cancelled"), "Reason it ended": ("", "cancelled by the person")}
    found = read_history(scope_of_registration(registration.pk)).entries
    assert [entry.changes[0].action for entry in found] == ["update", "insert"]


def test_coordinators_read_the_page_and_others_get_a_404(client, hub, coordinator):
    client.force_login(coordinator)
    assert "Team member added" in text(page(client, hub))
    for role in (Role.EDITOR, Role.VIEWER):
        client.force_login(MembershipFactory(hub=hub, role=role).user)
        assert page(client, hub).status_code == 404
    client.force_login(MembershipFactory().user)
    assert page(client, hub).status_code == 404


def test_nothing_of_another_hub_is_shown(client, hub, coordinator, session, now):
    other = SessionFactory(now=now, hub=HubFactory(name_en="Other hub"), title_en="Secret")
    other.title_en = "Secret session"
    other.save()
    client.force_login(coordinator)
    assert "Secret" not in text(page(client, hub))
    assert "Other hub" not in text(page(client, hub))


def test_a_series_that_moved_to_another_hub_takes_its_history_along(client, hub, coordinator, session):
    other = MembershipFactory(hub__name_en="Other hub")
    session.series.title_en = "Moving"
    session.series.save()
    Series.objects.update(hub=other.hub)
    client.force_login(coordinator)
    assert "Moving" not in text(page(client, hub))
    client.force_login(other.user)
    assert "Northern hub" in text(page(client, other.hub))


def test_the_former_hubs_people_are_not_named_in_the_history_of_a_series_that_moved(
    client, hub, session, now, provider
):
    colleague = MembershipFactory(hub=hub, user__name="Former Editor")
    with as_person(colleague.user):
        Series.objects.filter(pk=session.series_id).update(capacity=12)
    colleague.delete()
    with as_person(provider):
        register(session.series, provider, now=now)
    other = MembershipFactory(hub__name_en="Other hub", user__name="Olga Other")
    with as_person(other.user):
        Series.objects.filter(pk=session.series_id).update(hub=other.hub)
    found = {(entry.who, entry.changes[0].kind) for entry in entries(other.hub)}
    assert {("Someone from another hub", "Series"), ("Olga Other", "Series"), (provider.name, "Registration")} <= found
    client.force_login(other.user)
    shown = text(page(client, other.hub))
    assert "Former Editor" not in shown
    assert "Someone from another hub" in shown
    assert "Former Editor" in {entry.who for entry in read_history(scope_of_hub(other.hub.pk)).entries}


@pytest.mark.parametrize("query", [{"series": "0"}, {"person": "0"}, {"about": "x"}, {"page": "0"}, {"page": "x"}])
def test_a_filter_that_is_not_offered_is_a_404(client, hub, coordinator, query):
    client.force_login(coordinator)
    assert page(client, hub, **query).status_code == 404


def test_a_series_or_person_of_another_hub_is_a_404(client, hub, coordinator):
    other = MembershipFactory()
    client.force_login(coordinator)
    assert page(client, hub, series=SeriesFactory(hub=other.hub).pk).status_code == 404
    assert page(client, hub, person=other.user.pk).status_code == 404


def test_the_filters_narrow_the_history(client, hub, coordinator, session, now, provider):
    register(session.series, provider, now=now)
    another = SessionFactory(now=now, hub=hub, title_en="Another")
    with as_person(coordinator):
        another.title_en = "Another session"
        another.save()
    client.force_login(coordinator)
    assert provider.name not in text(page(client, hub, about="listings"))
    assert "Session added" not in text(page(client, hub, about="registrations"))
    assert "Another session" not in text(page(client, hub, series=session.series.pk))
    by_her = text(page(client, hub, person=coordinator.pk))
    assert "Another session" in by_her
    assert provider.name not in by_her
    assert "No changes match your filter." in text(page(client, hub, about="team", series=session.series.pk))


def test_the_history_is_paged(client, hub, coordinator):
    for number in range(PER_PAGE + 5):
        Hub.objects.filter(pk=hub.pk).update(summary_en=f"Version {number}.")
    client.force_login(coordinator)
    first, second = page(client, hub, about="team"), page(client, hub, about="team", page=2)
    assert "Version 54." in text(first)
    assert "about=team&amp;page=2" in text(first)
    assert "Version 54." not in text(second)
    assert "Version 1." in text(second)
    assert "Team member added" in text(second)


def test_the_page_takes_at_most_ten_queries(client, hub, coordinator, session, now, django_assert_max_num_queries):
    for number in range(8):
        series = SessionFactory(now=now, hub=hub, capacity=50).series
        Series.objects.filter(pk=series.pk).update(summary_en=f"Summary {number}")
        register(series, UserFactory(with_profile=True), now=now)
        MembershipFactory(hub=hub, role=Role.VIEWER)
    client.force_login(coordinator)
    with django_assert_max_num_queries(10):
        assert "Summary 7" in text(page(client, hub))
    with django_assert_max_num_queries(10):
        page(client, hub, series=session.series.pk, person=coordinator.pk)


def test_the_page_is_french_in_french(client, hub, coordinator, session):
    client.force_login(coordinator)
    found = text(client.get(f"/fr/espace/{hub.slug}/historique/"))
    assert "Historique" in found


@pytest.mark.parametrize("kind", ["hub", "series", "registration"])
def test_staff_read_the_history_in_the_admin(client, hub, session, now, provider, kind):
    registration = register(session.series, provider, now=now)
    cancel(registration, now=now)
    names = {
        "hub": ("hubs_hub", hub.pk),
        "series": ("sessions_app_series", session.series.pk),
        "registration": ("registrations_registration", registration.pk),
    }
    name, key = names[kind]
    address = reverse(f"admin:{name}_history", args=[key])
    client.force_login(UserFactory(is_staff=True))
    assert client.get(address).status_code == 403
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    assert "Registration changed" in text(client.get(address))
    assert client.get(address, {"page": "x"}).status_code == 404
    assert client.get(reverse(f"admin:{name}_history", args=[key + 999])).status_code == 404


def test_someone_whom_the_team_added_appears_with_their_address(hub, session, coordinator, now, provider):
    with as_person(coordinator):
        registration = register_for(session.series, provider.email, name="", language="en", by=coordinator, now=now)
    assert latest(hub)[3] == provider.email
    with as_person(provider):
        cancel(registration, now=now)
    assert (latest(hub)[0], latest(hub)[3]) == (provider.email, provider.email)
    assert read_history(scope_of_hub(hub.pk)).entries[0].who == provider.name
