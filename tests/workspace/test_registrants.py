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
from registrations.models import Answer, Attendance, Registration, StaffAction
from registrations.services import (
    cancel,
    confirm_invitation,
    invite,
    move,
    record_intention,
    register,
    register_for,
    switch_to_recording,
)
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


def test_one_person_with_answers_sessions_and_needs(visit, series, now):
    question = Question.objects.create(series=series, kind="yes-no", label_en="First time?", label_fr="Première fois ?")
    registration = add_person(series, now, "Zoé", profession="pharmacist", accessibility_needs="Captions, please.")
    Answer.objects.create(registration=registration, question=question, value=["yes"])
    page = visit("registrant", registration.pk).content.decode()
    for text in (registration.user.email, "Pharmacist", "First time?", "Yes", "Captions, please.", "English"):
        assert text in page, text


def test_what_the_team_did_is_shown_with_its_reason_and_what_staff_wrote_is_not(visit, series, member, now):
    registration = add_person(series, now, "Zoé")
    staff = UserFactory(name="Sam Staff", is_staff=True)
    former = MembershipFactory(hub=member.hub, user__name="Former Editor")
    for by, reason in [(member.user, "Asked by phone"), (staff, "Complained"), (former.user, "She speaks")]:
        StaffAction.objects.create(registration=registration, action="promoted", by=by, at=now, reason=reason)
    former.delete()
    page = visit("registrant", registration.pk).content.decode()
    for text in (member.user.name, "Asked by phone", "Former Editor", "She speaks", "Pallium Canada,"):
        assert text in page, text
    for text in ("Sam Staff", "Complained"):
        assert text not in page, text


DETAILS = {"organization": "Secret Hospice", "profession": "pharmacist", "accessibility_needs": "Captions"}
SHOWN_OF_THEM = ("Zoé Roy", "Secret Hospice", "Pharmacist", "Captions", "French")
ONLY_THEM_IF_REGISTERED = "We show a person’s details once they have registered themselves."


@pytest.fixture
def zoe():
    """Someone with an account, who has never registered with this hub."""
    user = UserFactory(email="zoe@example.ca", name="Zoé Roy", language="fr", with_profile=True)
    ProviderProfile.objects.filter(user=user).update(**DETAILS)
    return user


def everything_shown(visit, series):
    """Return each page and file about a person of the series, without the filters."""
    registration = Registration.objects.filter(series=series, user__email="zoe@example.ca").latest("pk")
    pages = [visit(), visit("registrant", registration.pk), visit("registrants_print")]
    texts = [page.content.decode().partition('<table class="people')[2] or page.content.decode() for page in pages]
    texts += [b"".join(visit("registrants_export", query="?format=csv").streaming_content).decode()]
    return pages, texts


def test_someone_whom_the_team_added_is_only_an_address_until_they_register_themselves(visit, series, member, zoe, now):
    registration = register_for(series, zoe.email, name="", language="en", by=member.user, now=now)
    pages, texts = everything_shown(visit, series)
    for text in texts:
        assert "zoe@example.ca" in text
        assert [word for word in SHOWN_OF_THEM if word in text] == []
    for page in pages:
        assert ONLY_THEM_IF_REGISTERED in page.content.decode()
    for query in ("q=roy", "q=hospice", "profession=pharmacist", "province=ON"):
        assert names(visit(query=f"?{query}")) == [], query
    assert names(visit(query="?q=zoe@example")) == ["zoe@example.ca"]
    for name in ("registrant_move", "registrant_cancel"):
        assert "Zoé Roy" not in visit(name, registration.pk).content.decode()
    written = visit("message_new", query=f"?person={registration.pk}").content.decode()
    assert "zoe@example.ca" in written
    assert "Zoé Roy" not in written

    register(SessionFactory(now=now, hub=member.hub).series, zoe, now=now)
    pages, texts = everything_shown(visit, series)
    assert all("Zoé Roy" in text and "Pharmacist" in text for text in texts)
    assert not any(ONLY_THEM_IF_REGISTERED in page.content.decode() for page in pages)
    assert names(visit(query="?q=roy&profession=pharmacist")) == ["Zoé Roy"]


def test_registering_with_another_hub_or_being_moved_shows_nothing(visit, series, member, zoe, now):
    register(SessionFactory(now=now, hub=MembershipFactory().hub).series, zoe, now=now)
    other = SessionFactory(now=now, hub=member.hub).series
    added = register_for(other, zoe.email, name="", language="en", by=member.user, now=now)
    move(added, series, by=member.user, reason="", now=now)
    assert names(visit()) == ["zoe@example.ca"]


def test_a_colleagues_invitation_shows_nothing_until_the_seat_is_confirmed(visit, series, zoe, now):
    inviter = add_person(series, now, "Ana")
    invite(series, [Colleague("Zoé", zoe.email)], by=inviter.user, language="en", now=now)
    assert names(visit()) == ["Ana", "zoe@example.ca"]
    held = Registration.objects.get(user=zoe)
    cancel(held, now=now)
    assert names(visit(query="?state=cancelled")) == ["zoe@example.ca"]

    invite(series, [Colleague("Zoé", zoe.email)], by=inviter.user, language="en", now=now)
    confirm_invitation(Registration.objects.active().get(user=zoe), now=now)
    assert names(visit()) == ["Ana", "Zoé Roy"]
    assert names(visit(query="?state=cancelled")) == ["Zoé Roy"]


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


def test_nobody_can_be_registered_once_the_series_is_over_or_cancelled(visit, series):
    assert "Register someone" in visit().content.decode()
    series.is_cancelled = True
    series.save()
    assert "Register someone" not in visit().content.decode()
