"""Staff review listings and changes in the admin, and see on its first page what waits."""

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.utils import timezone

from outbox.models import Message
from registrations.services import register
from sessions_app.editing.data import read
from sessions_app.editing.errors import NotAllowedToPublishError
from sessions_app.editing.review import may_publish, publish, submit
from sessions_app.editing.saving import read_for_editing, save_listing
from sessions_app.models import ChangeRequest, Series
from tests.factories import HubFactory, MembershipFactory, SeriesFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
LIST, CHANGES = "/en/admin/sessions_app/series/", "/en/admin/sessions_app/changerequest/"


def person_in(role):
    call_command("set_up_roles", verbosity=0)
    person = UserFactory(is_staff=True, name=f"{role} person")
    person.groups.add(Group.objects.get(name=role))
    return person


@pytest.fixture
def staff(client):
    person = person_in("Program")
    client.force_login(person)
    return person


@pytest.fixture
def editor():
    return MembershipFactory(hub=HubFactory(name_en="Northern hub")).user


@pytest.fixture
def submitted(editor, now):
    series = SeriesFactory(hub=editor.memberships.get().hub, publication="draft", title_en="Pain")
    SessionFactory(now=now, series=series)
    submit(series, comment="The dates are final.", by=editor, now=now)
    Message.objects.all().delete()
    series.refresh_from_db()
    return series


@pytest.fixture
def request_of_hub(editor, now):
    series = SeriesFactory(hub=editor.memberships.get().hub, title_en="Breath", capacity=20)
    SessionFactory(now=now, series=series)
    data = read(series).with_values(capacity=30, credits_en="One hour.")
    save_listing(series, data, revision=0, by=editor, now=now)
    Message.objects.all().delete()
    return ChangeRequest.objects.get()


def press(client, series, step, **fields):
    data = {"step": step, "revision": series.revision} | fields
    return client.post(f"{LIST}{series.pk}/review/", data, follow=True).content.decode()


def fields_of(series, **changes):
    """What the page of a series sends, without its sessions."""
    data = {"seen_revision": series.revision, "title_en": series.title_en, "slug": series.slug, "language": "en"}
    data |= {"time_zone": series.time_zone, "publication": "published", "hub": series.hub_id or ""}
    for name in ("sessions", "questions", "resources"):
        data |= {f"{name}-TOTAL_FORMS": "0", f"{name}-INITIAL_FORMS": "0"}
    return data | changes


def settle(client, request, step, **fields):
    data = {"step": step, "revision": Series.objects.get(pk=request.series_id).revision} | fields
    return client.post(f"{CHANGES}{request.pk}/settle/", data, follow=True).content.decode()


def test_the_first_page_and_the_lists_show_what_waits(client, staff, submitted, request_of_hub):
    page = client.get("/en/admin/").content.decode()
    assert "1 new listing" in page
    assert "Changes to 1 published listing" in page
    found = client.get(f"{LIST}?review=listing").content.decode()
    assert ("Pain" in found, "Breath" in found) == (True, False)
    found = client.get(f"{LIST}?review=changes").content.decode()
    assert ("Pain" in found, "Breath" in found) == (False, True)
    assert "Breath" in client.get(f"{CHANGES}?state__exact=waiting").content.decode()


def test_the_page_of_a_series_shows_its_review(client, staff, submitted):
    page = client.get(f"{LIST}{submitted.pk}/change/").content.decode()
    for words in ("Submitted for review", "The dates are final.", "Return to the hub", "Publish"):
        assert words in page


def test_staff_publish_with_a_button(client, staff, submitted, editor):
    assert "The listing is published." in press(client, submitted, "publish")
    assert Series.objects.get().publication == "published"
    assert Message.objects.get().to == editor.email


def test_staff_do_not_publish_what_was_edited_since_the_page_was_opened(client, staff, submitted):
    Series.objects.update(revision=7)
    assert "Someone else saved this series" in press(client, submitted, "publish")
    assert Series.objects.get().publication == "submitted"


def test_staff_return_a_listing_with_a_comment(client, staff, submitted):
    assert "Write a comment" in press(client, submitted, "return")
    assert "The listing is returned." in press(client, submitted, "return", comment="Please add the French.")
    assert Series.objects.get().review.last().comment == "Please add the French."


def test_staff_send_a_comment(client, staff, submitted, editor):
    assert "We’re emailing your comment" in press(client, submitted, "comment", comment="Almost there.")
    assert (Series.objects.get().publication, Message.objects.get().to) == ("submitted", editor.email)


def test_staff_do_not_publish_without_saying_what_they_saw(client, staff, submitted):
    assert "Someone else saved this series" in press(client, submitted, "publish", revision="")
    assert Series.objects.get().publication == "submitted"


def test_the_publish_action_of_the_list_publishes_only_what_no_team_edits(client, staff, submitted):
    national = SeriesFactory(publication="draft")
    without_team = SeriesFactory(publication="submitted", hub=HubFactory())
    archived = SeriesFactory(publication="archived")
    chosen = [submitted.pk, national.pk, without_team.pk, archived.pk]
    page = client.post(LIST, {"action": "publish", "_selected_action": chosen}, follow=True).content.decode()
    assert "1 listing is edited by a hub, so it wasn’t published." in page
    assert "2 series changed to “Published”." in page
    states = dict(Series.objects.values_list("pk", "publication"))
    assert [states[key] for key in chosen] == ["submitted", "published", "published", "archived"]
    assert national.review.get().step == "published"


def test_a_trusted_hub_cannot_undo_that_staff_took_its_series_off_the_site(client, staff, editor, now, drain):
    hub = editor.memberships.get().hub
    hub.is_trusted = True
    hub.save()
    series = SessionFactory(now=now, hub=hub).series
    client.post(LIST, {"action": "withdraw", "_selected_action": [series.pk]})
    series.refresh_from_db()
    assert series.publication == "draft"
    [email] = drain(timezone.now())
    assert email.to == [editor.email]
    for words in ("Pallium Canada took this series off the site.", "Pallium Canada a retiré cette série du site."):
        assert words in email.body
    assert staff.name not in email.body
    with pytest.raises(NotAllowedToPublishError):
        publish(series, by=editor, now=now)
    submit(series, by=editor, now=now)
    press(client, series, "publish")
    series.refresh_from_db()
    assert series.publication == "published"
    assert may_publish(series, editor)


@pytest.mark.parametrize("publication", ["draft", "archived"])
def test_on_the_page_of_a_series_too(client, staff, editor, now, publication):
    series = SessionFactory(now=now, hub=editor.memberships.get().hub).series
    client.post(f"{LIST}{series.pk}/change/", fields_of(series, publication=publication))
    series.refresh_from_db()
    assert (series.publication, series.review.get().step) == (publication, "returned")


def test_a_change_is_shown_before_and_after(client, staff, request_of_hub):
    page = client.get(f"{CHANGES}{request_of_hub.pk}/change/").content.decode()
    for words in ("<del>20</del>", "<ins>30</ins>", "<ins>One hour.</ins>", "Seats", "Accreditation"):
        assert words in page


def test_staff_approve_a_change(client, staff, request_of_hub):
    assert "The changes are live." in settle(client, request_of_hub, "approve")
    assert Series.objects.get().capacity == 30
    page = client.get(f"{CHANGES}{request_of_hub.pk}/change/").content.decode()
    assert "Approve the changes" not in page
    assert "<ins>30</ins>" in page


def test_staff_return_a_change(client, staff, request_of_hub):
    assert "Write a comment" in settle(client, request_of_hub, "return")
    assert "The changes are returned." in settle(client, request_of_hub, "return", comment="Too many.")
    assert (Series.objects.get().capacity, ChangeRequest.objects.get().state) == (20, "returned")


def test_what_was_edited_meanwhile_is_shown_and_replaced_only_on_request(client, staff, request_of_hub):
    Series.objects.update(capacity=25)
    page = client.get(f"{CHANGES}{request_of_hub.pk}/change/").content.decode()
    assert "These were also edited after the hub sent its changes:" in page
    assert "Confirm that the hub’s version replaces it." in settle(client, request_of_hub, "approve")
    assert Series.objects.get().capacity == 25
    settle(client, request_of_hub, "approve", overwrite="on")
    assert Series.objects.get().capacity == 30


def test_a_change_that_cannot_be_saved_any_more_is_refused_with_a_sentence(client, staff, request_of_hub, now):
    asked = request_of_hub
    asked.changes["values"]["capacity"] = 1
    asked.save()
    Series.objects.update(registration_opens_at=now)
    for _ in range(2):
        register(asked.series, UserFactory(), now=now)
    assert "2 seats are already taken" in settle(client, asked, "approve")


@pytest.mark.parametrize("role", ["Registrations", "Support"])
def test_only_the_program_team_reviews(client, submitted, request_of_hub, role):
    client.force_login(person_in(role))
    assert "new listing" not in client.get("/en/admin/").content.decode()
    assert client.get(CHANGES).status_code == 403
    assert client.get(f"{CHANGES}{request_of_hub.pk}/change/").status_code == 403
    for address in (f"{LIST}{submitted.pk}/review/", f"{CHANGES}{request_of_hub.pk}/settle/"):
        assert client.post(address, {"step": "publish"}).status_code == 403
    assert not Series.objects.filter(pk=submitted.pk, publication="published").exists()


def test_nothing_is_done_by_a_get_or_an_unknown_step(client, staff, submitted, request_of_hub):
    addresses = [f"{LIST}{submitted.pk}/review/", f"{CHANGES}{request_of_hub.pk}/settle/"]
    for address in addresses:
        assert client.get(address, {"step": "publish"}).status_code == 403
        assert client.post(address, {"step": "explode"}).status_code == 404
    assert client.get(f"{CHANGES}999999/change/").status_code == 404
    assert client.get(f"{CHANGES}x/change/").status_code == 404


def test_the_pages_are_in_french_too(client, staff, submitted, request_of_hub):
    page = client.get(f"/fr/admin/sessions_app/changerequest/{request_of_hub.pk}/change/").content.decode()
    assert "Approuver" in page
    assert "1 nouvelle série" in client.get("/fr/admin/").content.decode()


def test_two_staff_members_do_not_overwrite_each_other(client, staff, now):
    session = SessionFactory(now=now, hub=HubFactory())
    series = session.series
    page = client.get(f"{LIST}{series.pk}/change/")
    form = page.context["adminform"].form
    data = fields_of(series, title_en="Mine")
    assert form["seen_revision"].value() == 0
    assert client.post(f"{LIST}{series.pk}/change/", data).status_code == 302
    assert (Series.objects.get().title_en, Series.objects.get().revision) == ("Mine", 1)
    response = client.post(f"{LIST}{series.pk}/change/", data | {"title_en": "Again"})
    assert "Someone else saved this series" in response.content.decode()
    assert Series.objects.get().title_en == "Mine"
    assert read_for_editing(Series.objects.get()).revision == 1


def test_the_list_of_changes_takes_the_same_number_of_queries_however_many_there_are(
    client, staff, editor, now, django_assert_max_num_queries
):
    for capacity in range(30, 35):
        series = SessionFactory(now=now, hub=editor.memberships.get().hub).series
        save_listing(series, read(series).with_values(capacity=capacity), revision=0, by=editor, now=now)
    with django_assert_max_num_queries(8):
        assert client.get(CHANGES).content.decode().count("Northern hub") == 5
