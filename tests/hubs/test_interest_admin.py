"""Partner interests in the admin: the pipeline, and accepting in one step."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.contrib.auth.models import Group
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from hubs.models import Hub, InterestNote, PartnerInterest, TeamInvitation
from hubs.services import team
from hubs.services.interest import SlugTakenError, accept_interest
from outbox.models import Message
from tests.factories import HubFactory, UserFactory

pytestmark = pytest.mark.django_db
LIST = "/en/admin/hubs/partnerinterest/"
NO_NOTE = {"notes-TOTAL_FORMS": "1", "notes-INITIAL_FORMS": "0", "notes-0-text": ""}
NEW_HUB = {"name_en": "Northern hub", "name_fr": "Pôle du Nord", "slug": "north", "provinces": ["BC"]}


@pytest.fixture
def staff(client):
    call_command("set_up_roles", verbosity=0)
    person = UserFactory(is_staff=True, name="Marie Roy")
    person.groups.add(Group.objects.get(name="Program"))
    client.force_login(person)
    return person


@pytest.fixture
def interest(db):
    return new_interest(organization="North Shore Hospice")


def new_interest(**fields):
    given = {
        "organization": "Hospice",
        "organization_type": "hospice",
        "contact_name": "Anne Roy",
        "email": "anne@example.ca",
        "provinces": ["BC"],
        "language": "fr",
        "created_at": timezone.now(),
    }
    return PartnerInterest.objects.create(**given | fields)


def change(interest):
    return f"{LIST}{interest.pk}/change/"


def text(response):
    return " ".join(response.content.decode().split())


def test_the_list_shows_counts_and_what_is_overdue(client, staff, django_assert_max_num_queries):
    yesterday = timezone.localdate() - timedelta(days=1)
    for n in range(5):
        new_interest(organization=f"Late {n}", next_step="Call", next_step_on=yesterday, owner=staff)
    new_interest(organization="Refused", next_step_on=yesterday, stage="declined")
    new_interest(organization="In time", next_step_on=timezone.localdate())
    with django_assert_max_num_queries(10):
        page = text(client.get(LIST))
    assert page.count('<span class="status status--cancelled">Overdue</span>') == 5
    assert '<a href="?stage__exact=new">New</a> <b>6</b>' in page
    assert page.index("Late 0") < page.index("In time") < page.index("Refused")
    late = text(client.get(f"{LIST}?overdue=yes"))
    assert "Late 0" in late
    assert "In time" not in late
    assert "Refused" not in late
    assert client.get(f"{LIST}?email__startswith=a").status_code == 400


def test_staff_follow_up_and_what_was_received_stays(client, staff, interest):
    typed = {"stage": "contacted", "owner": staff.pk, "next_step": "Call Anne", "next_step_on": "2027-01-15"}
    typed |= NO_NOTE | {"notes-0-text": "She prefers mornings.", "organization": "Changed"}
    assert client.post(change(interest), typed).status_code == 302
    interest.refresh_from_db()
    assert (interest.stage, interest.owner, interest.organization) == ("contacted", staff, "North Shore Hospice")
    note = interest.notes.get()
    assert (note.text, note.by) == ("She prefers mornings.", staff)
    page = text(client.get(change(interest)))
    assert "She prefers mornings." in page
    assert "anne@example.ca" in page


def test_notes_are_never_changed(client, staff, interest):
    note = InterestNote.objects.create(interest=interest, by=staff, at=timezone.now(), text="First")
    typed = {"stage": "new", "notes-TOTAL_FORMS": "1", "notes-INITIAL_FORMS": "1"}
    typed |= {"notes-0-id": note.pk, "notes-0-interest": interest.pk, "notes-0-text": "Other", "notes-0-DELETE": "on"}
    client.post(change(interest), typed)
    assert interest.notes.get().text == "First"


def test_a_declined_interest_says_when(client, staff, interest):
    client.post(change(interest), NO_NOTE | {"stage": "declined"})
    interest.refresh_from_db()
    assert interest.settled_at is not None
    client.post(change(interest), NO_NOTE | {"stage": "talking"})
    interest.refresh_from_db()
    assert (interest.stage, interest.settled_at) == ("talking", None)


def test_the_stage_cannot_be_set_to_accepted_by_hand(client, staff, interest):
    assert client.post(change(interest), NO_NOTE | {"stage": "accepted"}).status_code == 200
    interest.refresh_from_db()
    assert interest.stage == "new"


def test_accepting_creates_the_hub_and_invites_the_contact_and_a_second_press_does_nothing(client, staff, interest):
    page = text(client.get(f"{LIST}{interest.pk}/accept/"))
    assert 'value="North Shore Hospice"' in page
    assert 'value="north-shore-hospice"' in page
    assert "It also invites Anne Roy (anne@example.ca)" in page
    assert not Hub.objects.exists()
    for _press in range(2):
        assert client.post(f"{LIST}{interest.pk}/accept/", NEW_HUB).url == change(interest)
    hub, invitation = Hub.objects.get(), TeamInvitation.objects.get()
    assert (hub.name_fr, hub.slug, hub.provinces, hub.is_listed) == ("Pôle du Nord", "north", ["BC"], True)
    assert (invitation.hub, invitation.email, invitation.role) == (hub, "anne@example.ca", "coordinator")
    assert (invitation.language, invitation.invited_by) == ("fr", staff)
    assert Message.objects.filter(message_type="team-invitation").count() == 1
    interest.refresh_from_db()
    assert (interest.stage, interest.hub, bool(interest.settled_at)) == ("accepted", hub, True)
    assert "Accept as a hub partner" not in text(client.get(change(interest)))
    client.post(change(interest), NO_NOTE | {"stage": "new"})
    interest.refresh_from_db()
    assert interest.stage == "accepted"


def test_the_contact_is_told_that_their_organization_was_accepted(client, staff, interest, drain):
    client.post(f"{LIST}{interest.pk}/accept/", NEW_HUB)
    drain(timezone.now() + timedelta(minutes=1))
    letter = mail.outbox[0]
    assert letter.subject == "Bienvenue\u00a0: Pôle du Nord est maintenant un pôle partenaire"
    assert "Nous avons accepté votre demande." in letter.body
    client.logout()
    invitation = TeamInvitation.objects.get()
    page = f"/en/hubs/invitation/{invitation.secret}/"
    assert "We accepted your request to become a hub partner." in text(client.get(page))
    client.force_login(UserFactory(email="anne@example.ca", name=""))
    assert 'value="Anne Roy"' in text(client.get(page))
    colleague = team.invite(Hub.objects.get(), "zoe@example.ca", "editor", "en", by=staff, now=timezone.now())
    client.force_login(UserFactory(email="zoe@example.ca", name=""))
    page = text(client.get(f"/en/hubs/invitation/{colleague.secret}/"))
    assert "Marie Roy invites you to join the team" in page
    assert "Anne Roy" not in page


def test_the_first_page_of_the_admin_counts_new_and_overdue_interests(client, staff, interest):
    new_interest(stage="talking", next_step_on=timezone.localdate() - timedelta(days=1))
    page = text(client.get("/en/admin/"))
    assert f'<a href="{LIST}?stage__exact=new"> 1 new partner interest </a>' in page
    assert f'<a href="{LIST}?overdue=yes"> 1 overdue next step </a>' in page
    other = UserFactory(is_staff=True)
    other.groups.add(Group.objects.get(name="Support"))
    client.force_login(other)
    assert "partner interest" not in text(client.get("/en/admin/"))


@pytest.mark.django_db(transaction=True)
def test_two_people_who_accept_at_once_create_one_hub(interest):
    people, barrier, hubs = [UserFactory(is_staff=True) for _ in range(2)], Barrier(2), []

    def act(by):
        barrier.wait()
        hubs.append(accept_interest(interest, **NEW_HUB, by=by, now=timezone.now()))
        connection.close()

    threads = [Thread(target=act, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert hubs == [Hub.objects.get()] * 2
    assert TeamInvitation.objects.count() == Message.objects.filter(message_type="team-invitation").count() == 1


@pytest.mark.parametrize("slug", ["north", "become-a-partner", "devenir-partenaire"])
def test_a_page_address_that_is_taken_is_refused(client, staff, interest, slug):
    HubFactory(slug="north")
    response = client.post(f"{LIST}{interest.pk}/accept/", NEW_HUB | {"slug": slug})
    assert "Another page has this address." in text(response)
    assert not TeamInvitation.objects.exists()
    with pytest.raises(SlugTakenError):
        accept_interest(interest, **NEW_HUB, by=staff, now=timezone.now())


def test_only_the_program_group_sees_interests(client, interest):
    call_command("set_up_roles", verbosity=0)
    other = UserFactory(is_staff=True)
    other.groups.add(Group.objects.get(name="Support"))
    client.force_login(other)
    for address in (LIST, change(interest), f"{LIST}{interest.pk}/accept/"):
        assert client.get(address).status_code in (403, 404)
    assert client.post(f"{LIST}{interest.pk}/accept/", NEW_HUB).status_code == 404
    assert not Hub.objects.exists()


def test_staff_see_the_team_of_a_hub_and_invite_a_coordinator(client, staff):
    hub = HubFactory()
    page = f"/en/admin/hubs/hub/{hub.pk}/invite/"
    typed = {"email": "anna@example.ca", "role": "coordinator", "language": "en"}
    assert client.post(page, typed).url == f"/en/admin/hubs/hub/{hub.pk}/change/"
    assert TeamInvitation.objects.get().invited_by == staff
    assert "already has an invitation" in text(client.post(page, typed | {"language": "fr"}))
    shown = text(client.get(f"/en/admin/hubs/hub/{hub.pk}/change/"))
    assert "Invite someone to the team" in shown
    client.force_login(UserFactory(is_staff=True))
    assert client.get(page).status_code == 404
