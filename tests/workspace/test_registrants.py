"""The people of a series in the workspace: the list with its filters, one person, attendance and the print view."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from accounts.models import ProviderProfile
from accounts.services import close
from hubs.models import Role
from registrations.models import Answer, Attendance, Registration
from registrations.services import cancel, invite, record_intention, register, register_for, switch_to_recording
from registrations.services.colleagues import Colleague
from sessions_app.models import Question
from tests.factories import MembershipFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
MOST_QUERIES = 10


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def member(db):
    return MembershipFactory(role=Role.EDITOR)


@pytest.fixture
def series(member, now):
    """A series of two sessions: one a week ago and one in ten days."""
    series = SessionFactory(now=now, days=10, hub=member.hub, late_joining=True).series
    SessionFactory(now=now, days=-7, series=series)
    series.refresh_from_db()
    return series


@pytest.fixture
def visit(client, member, series):
    client.force_login(member.user)

    def get(name="registrants", *args, query="", **extra):
        return client.get(reverse(f"workspace:{name}", args=[member.hub.slug, series.pk, *args]) + query, **extra)

    return get


def add_person(series, now, name, *, days=-20, **profile):
    user = UserFactory(name=name, with_profile=True)
    ProviderProfile.objects.filter(user=user).update(**profile)
    user.refresh_from_db()
    return register(series, user, now=now + timedelta(days=days))


def names(response):
    return [one.name for one in response.context["registrants"]]


def past_and_next(series):
    return list(series.sessions.order_by("starts_at"))


def test_the_list_shows_everyone_who_has_not_cancelled_sorted_without_regard_to_accents(visit, series, now):
    for name in ("Zoé Roy", "Élise Côté", "Fay Lee"):
        add_person(series, now, name)
    cancel(add_person(series, now, "Gone Away"), now=now)
    response = visit()
    assert names(response) == ["Élise Côté", "Fay Lee", "Zoé Roy"]
    assert response.context["counts"]["cancelled"] == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=elise", ["Élise Côté"]),
        ("q=hospice+ROY", ["Zoé Roy"]),
        ("q=nobody", []),
        ("profession=pharmacist", ["Zoé Roy"]),
        ("province=QC", ["Élise Côté"]),
        ("order=newest", ["Zoé Roy", "Élise Côté"]),
    ],
)
def test_searching_and_filtering(visit, series, now, query, found):
    add_person(series, now, "Élise Côté", days=-21, province="QC")
    add_person(series, now, "Zoé Roy", days=-20, profession="pharmacist", organization="Hospice Saint-Joseph")
    assert names(visit(query=f"?{query}")) == found


def test_filtering_by_state_with_the_waitlist_in_order_and_invited_colleagues_marked(visit, series, now):
    inviter = add_person(series, now, "Ana")
    switch_to_recording(add_person(series, now, "Rec"), now=now)
    invite(series, [Colleague("Bo", "bo@example.ca")], by=inviter.user, language="en", now=now)
    type(series).objects.filter(pk=series.pk).update(capacity=2)
    for minutes, name in enumerate(["Zed", "Abe"]):
        register(series, UserFactory(name=name), now=now + timedelta(minutes=minutes))
    found = {state: names(visit(query=f"?state={state}")) for state in ("confirmed", "held", "waitlisted", "recording")}
    assert found == {
        "confirmed": ["Ana"],
        "held": ["bo@example.ca"],
        "waitlisted": ["Zed", "Abe"],
        "recording": ["Rec"],
    }
    page = visit().content.decode()
    assert "Invited, not confirmed yet" in page
    assert [one.registration.position for one in visit(query="?state=waitlisted").context["registrants"]] == [1, 2]


def test_who_attended_who_said_they_cannot_come_and_who_did_not_come(visit, series, now):
    past, coming = past_and_next(series)
    came, told, missed, late = (add_person(series, now, name) for name in ("Came", "Told", "Missed", "Late"))
    Registration.objects.filter(pk=late.pk).update(confirmed_at=now)  # joined after the first session
    Attendance.objects.create(registration=came, session=past, joined_at=past.starts_at)
    record_intention(told, past, is_coming=False, now=past.starts_at)
    record_intention(missed, coming, is_coming=False, now=now)
    cancel(came, now=now)  # whoever attended still did

    found = {
        query: names(visit(query=f"?presence={query}"))
        for query in (f"attended-{past.pk}", f"declined-{past.pk}", f"missed-{past.pk}", f"declined-{coming.pk}")
    }
    assert list(found.values()) == [["Came"], ["Told"], ["Missed"], ["Missed"]]
    counts = [
        (one.attended, one.declined, one.missed) for one, _label in visit("registrants_attendance").context["sessions"]
    ]
    assert counts[0] == (1, 1, 1)
    assert counts[1][1] == 1
    page = visit(query=f"?presence=declined-{coming.pk}").content.decode()
    assert "Can’t come to session 2" in " ".join(page.split())


def test_filters_that_no_page_links_to_are_not_found(visit, now):
    other = SessionFactory(now=now)
    for query in ("state=nonsense", f"presence=attended-{other.pk}", "order=email", f"q={101 * 'x'}"):
        assert visit(query=f"?{query}").status_code == 404, query


def test_one_person_with_answers_sessions_needs_and_what_the_team_did(visit, series, member, now):
    question = Question.objects.create(series=series, kind="yes-no", label_en="First time?", label_fr="Première fois ?")
    registration = register_for(series, "zoe@example.ca", name="Zoé", language="fr", by=member.user, now=now)
    Answer.objects.create(registration=registration, question=question, value=["yes"])
    ProviderProfile.objects.create(
        user=registration.user, profession="pharmacist", province="QC", accessibility_needs="Captions, please."
    )
    page = visit("registrant", registration.pk).content.decode()
    for text in ("zoe@example.ca", "Pharmacist", "First time?", "Yes", "Captions, please.", member.user.name, "French"):
        assert text in page, text


def test_needs_are_shown_only_for_people_with_a_seat(visit, series, now):
    registration = add_person(series, now, "Zoé", accessibility_needs="Captions, please.")
    assert "Captions" in visit("registrants_print").content.decode()
    cancel(registration, now=now)
    for response in (visit("registrant", registration.pk), visit("registrants_print", query="?state=cancelled")):
        assert "Captions" not in response.content.decode()


def test_nothing_identifies_a_person_who_closed_their_account(visit, series, now):
    registration = add_person(series, now, "Zoé Roy")
    close(registration.user, now=now)
    for response in (visit(), visit("registrant", registration.pk), visit("registrants_print")):
        assert "Closed account" in response.content.decode()
        assert "account.invalid" not in response.content.decode()


def test_the_print_view_has_answers_in_the_readers_language_and_leaves_the_menu_out(visit, series, member, client, now):
    question = Question.objects.create(
        series=series,
        kind="choice",
        label_en="Topic?",
        label_fr="Sujet ?",
        options_en="Pain\nNausea",
        options_fr="Douleur\nNausée",
    )
    registration = add_person(series, now, "Zoé")
    Answer.objects.create(registration=registration, question=question, value=["Pain"])
    assert "Topic?" in visit("registrants_print").content.decode()
    with translation.override("fr"):  # the URLs that `visit` makes
        page = visit("registrants_print").content.decode()
    assert "Sujet ?" in page
    assert "Douleur" in page


def test_empty_lists_say_so(visit):
    assert "Nobody has registered yet." in visit().content.decode()
    assert "Nobody matches these filters." in visit(query="?q=zoe").content.decode()


def test_sixty_people_take_no_more_queries_than_one_and_the_list_is_paged(visit, series, now):
    past, _coming = past_and_next(series)
    question = Question.objects.create(series=series, label_en="Why?")
    pages = [("registrants", ()), ("registrants_print", ()), ("registrants_attendance", ())]
    one = add_person(series, now, "Zoé 0")
    counts = {name: count_queries(visit, name, *args) for name, args in pages}
    for n in range(1, 60):
        registration = add_person(series, now, f"Zoé {n:02}")
        Answer.objects.create(registration=registration, question=question, value=["Because"])
        Attendance.objects.create(registration=registration, session=past, joined_at=past.starts_at)
        record_intention(registration, past, is_coming=False, now=past.starts_at)
    Answer.objects.create(registration=one, question=question, value=["Because"])
    assert {name: count_queries(visit, name, *args) for name, args in pages} == counts
    assert max(*counts.values(), count_queries(visit, "registrant", one.pk)) <= MOST_QUERIES
    assert (len(names(visit())), len(names(visit(query="?page=2")))) == (50, 10)
    assert len(names(visit(query="?page=99"))) == 50


def count_queries(visit, name, *args):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert visit(name, *args).status_code == 200
    return len(queries)


@pytest.mark.parametrize("name", ["registrants", "registrants_print", "registrants_attendance", "registrants_export"])
def test_who_may_read(client, series, member, name, now):
    url = reverse(f"workspace:{name}", args=[member.hub.slug, series.pk]) + "?format=csv"
    viewer = MembershipFactory(hub=member.hub, role=Role.VIEWER).user
    stranger, provider = MembershipFactory().user, UserFactory()
    for user, status in [(viewer, 200), (member.user, 200), (stranger, 404), (provider, 404)]:
        client.force_login(user)
        assert client.get(url).status_code == status
    client.logout()
    assert client.get(url).status_code == 302


def test_series_and_registrations_of_other_hubs_are_not_found(client, member, series, visit, now):
    other = SessionFactory(now=now, hub=MembershipFactory().hub).series
    elsewhere = register(other, UserFactory(), now=now)
    assert client.get(reverse("workspace:registrants", args=[member.hub.slug, other.pk])).status_code == 404
    assert visit("registrant", elsewhere.pk).status_code == 404


def test_a_viewer_sees_no_buttons_that_change_something(client, member, series, now):
    registration = add_person(series, now, "Zoé")
    client.force_login(MembershipFactory(hub=member.hub, role=Role.VIEWER).user)
    pages = [("registrants", []), ("registrant", [registration.pk])]
    for name, args in pages:
        page = client.get(reverse(f"workspace:{name}", args=[member.hub.slug, series.pk, *args])).content.decode()
        for word in ("checkbox", "Register someone", "Write", "Move to", "Cancel the"):
            assert word not in page
