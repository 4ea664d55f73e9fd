"""The pages on which staff send an issue: what goes out, to whom and when, always after a confirmation."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from newsletters.admin import sending as admin_pages
from newsletters.models import Issue, IssueState
from outbox.models import BulkSend, Message
from tests.factories import HubFactory, IssueFactory, SubscriberFactory, UserFactory

pytestmark = pytest.mark.django_db
# now is Monday, November 23, 2026, 10:00 am in Toronto
TOMORROW = {"asked": "yes", "when": "later", "date": "2026-11-24", "time": "09:30"}
PAGES = ["send", "progress", "progress_figures", "stop", "result", "unreached", "unreached_csv"]
ACTIONS = ["send_now", "schedule", "unschedule", "pause", "resume", "stop_now", "retry"]


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def issue():
    for language in ("en", "en", "fr"):
        SubscriberFactory(language=language)
    return IssueFactory(title_en="December news", title_fr="Nouvelles de décembre")


def url(name, issue):
    return reverse(f"admin:newsletters_issue_{name}", args=[issue.pk])


def text(response):
    return " ".join(response.content.decode().split())


def seen(issue):
    return {"seen": Issue.objects.get(pk=issue.pk).updated_at.isoformat()}


def send(client, issue):
    return client.post(url("send_now", issue), seen(issue) | {"when": "now"}, follow=True)


def schedule(client, issue, **fields):
    return client.post(url("schedule", issue), seen(issue) | TOMORROW | fields, follow=True)


@pytest.mark.parametrize("name", PAGES + ACTIONS)
def test_only_staff_who_may_change_issues_reach_the_pages(client, person_in, issue, name):
    address = url(name, issue)
    ask = client.post if name in ACTIONS else client.get
    assert ask(address).status_code == 302
    client.force_login(UserFactory())
    assert ask(address).status_code == 302
    client.force_login(person_in("Program"))
    assert ask(address).status_code == 404
    assert not Message.objects.exists()


@pytest.mark.parametrize("name", ACTIONS)
def test_no_link_changes_anything(client, editor, issue, name):
    assert client.get(url(name, issue)).status_code == 405
    assert Issue.objects.get().state == IssueState.DRAFT


@pytest.mark.parametrize("name", PAGES + ACTIONS)
def test_an_issue_that_does_not_exist_is_not_found(client, editor, name):
    ask = client.post if name in ACTIONS else client.get
    assert ask(reverse(f"admin:newsletters_issue_{name}", args=[7])).status_code == 404


def test_the_page_shows_what_goes_out_and_to_how_many_in_each_language(client, editor, issue):
    page = text(client.get(url("send", issue)))
    assert "December news" in page
    assert 'lang="fr"> Nouvelles de décembre' in page
    assert '<th scope="row">English</th>' in page
    assert '<td class="number">2</td>' in page
    assert '<td class="number">1</td>' in page
    assert '<td class="number">3</td>' in page
    assert "everyone who subscribed to the newsletter." in page
    assert url("preview", issue) in page


def test_the_limits_of_the_audience_are_said_in_words(client, editor, issue):
    hub = HubFactory(name_en="Northern hub")
    Issue.objects.update(audience_languages=["fr"], audience_professions=["physician"], audience_provinces=["BC", "QC"])
    issue.audience_hubs.add(hub)
    page = text(client.get(url("send", issue)))
    assert "read it in: French" in page
    assert "have one of these professions: Physician" in page
    assert "live in: British Columbia, Quebec" in page
    assert "registered for a series of: Northern hub" in page


def test_problems_block_the_sending_and_lead_to_the_field(client, editor, issue):
    Issue.objects.update(body_fr="")
    page = text(client.get(url("send", issue)))
    assert f"{reverse('admin:newsletters_issue_change', args=[issue.pk])}#id_body_fr" in page
    assert "When should it go out?" not in page
    assert "Send this issue now?" not in text(client.get(url("send", issue), {"asked": "yes", "when": "now"}))
    assert "isn’t ready" in text(send(client, issue))
    assert "isn’t ready" in text(schedule(client, issue))
    assert Issue.objects.get().state == IssueState.DRAFT
    assert not BulkSend.objects.exists()


def test_an_empty_audience_blocks_the_sending(client, editor):
    page = text(client.get(url("send", IssueFactory())))
    assert "Nobody would receive this issue" in page
    assert "When should it go out?" not in page


def test_warnings_do_not_block(client, editor, issue):
    Issue.objects.update(preview_en="")
    page = text(client.get(url("send", issue)))
    assert "There is no preview line" in page
    assert "When should it go out?" in page


def test_sending_now_is_confirmed_first_with_the_number(client, editor, issue):
    page = text(client.get(url("send", issue), {"asked": "yes", "when": "now"}))
    assert "Send this issue now?" in page
    assert "“December news” goes to <b>3 people</b> <b>now</b>." in page
    assert "Send to 3 people now" in page
    assert Issue.objects.get().state == IssueState.DRAFT


def test_confirming_starts_the_sending_and_shows_its_progress(client, editor, issue):
    response = send(client, issue)
    assert response.redirect_chain[-1][0] == url("progress", issue)
    assert "We started sending the issue." in text(response)
    assert Message.objects.filter(message_type="newsletter").count() == 3
    history = client.get(reverse("admin:newsletters_issue_history", args=[issue.pk]))
    assert "We started sending the issue." in text(history)


def test_pressing_twice_sends_once(client, editor, issue):
    fields = seen(issue) | {"when": "now"}
    client.post(url("send_now", issue), fields)
    again = client.post(url("send_now", issue), fields, follow=True)
    assert "already on its way" in text(again)
    assert BulkSend.objects.count() == 1
    assert Message.objects.count() == 3


def test_an_issue_that_changed_after_the_confirmation_was_shown_is_not_sent(client, editor, issue):
    fields = seen(issue) | {"when": "now"}
    issue.title_en = "Other news"
    with time_machine.travel(issue.updated_at + timedelta(minutes=1)):
        issue.save()
    response = client.post(url("send_now", issue), fields, follow=True)
    assert "Someone changed this issue" in text(response)
    assert "Someone changed this issue" in text(client.post(url("schedule", issue), fields | TOMORROW, follow=True))
    assert Issue.objects.get().state == IssueState.DRAFT


@pytest.mark.parametrize(("name", "service"), [("send_now", "start_sending"), ("schedule", "schedule_issue")])
def test_a_change_at_the_very_moment_of_the_click_is_noticed_too(client, editor, issue, monkeypatch, name, service):
    act, fields = getattr(admin_pages, service), seen(issue) | TOMORROW

    def change_first(*args, **kwargs):
        with time_machine.travel(issue.updated_at + timedelta(minutes=1)):
            Issue.objects.get(pk=issue.pk).save()
        return act(*args, **kwargs)

    monkeypatch.setattr(admin_pages, service, change_first)
    assert "Someone changed this issue" in text(client.post(url(name, issue), fields, follow=True))
    assert Issue.objects.get().state == IssueState.DRAFT
    monkeypatch.undo()
    client.post(url(name, issue), fields | seen(issue))
    assert Issue.objects.get().state != IssueState.DRAFT


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({}, "Choose when to send the issue."),
        ({"when": "later"}, "Enter a date."),
        ({"when": "later", "date": "2026-11-24"}, "Enter a time."),
        ({"when": "later", "date": "soon", "time": "9:00"}, "Enter a date as year-month-day"),
        ({"when": "later", "date": "2026-11-23", "time": "09:00"}, "at least 5 minutes from now"),
        ({"when": "later", "date": "2026-11-23", "time": "10:04"}, "at least 5 minutes from now"),
        ({"when": "later", "date": "0001-01-01", "time": "00:00"}, "at least 5 minutes from now"),
        ({"when": "later", "date": "9999-12-31", "time": "23:59"}, "Choose a date within the next year."),
        ({"when": "later", "date": "2027-03-14", "time": "02:30"}, "The clocks change at this time."),
    ],
)
def test_a_time_that_cannot_be_is_refused_with_a_sentence(client, editor, issue, answer, sentence):
    page = text(client.get(url("send", issue), {"asked": "yes"} | answer))
    assert sentence in page
    assert "When should it go out?" in page
    assert sentence in text(client.post(url("schedule", issue), seen(issue) | answer, follow=True))
    assert Issue.objects.get().state == IssueState.DRAFT


def test_a_set_time_is_confirmed_first_and_its_zone_is_named(client, editor, issue):
    assert "Eastern time (ET)" in text(client.get(url("send", issue)))
    page = text(client.get(url("send", issue), TOMORROW)).replace("\xa0", " ")
    assert "goes to <b>3 people</b> on <b>November 24, 2026, 9:30 am ET</b>" in page
    assert 'value="Schedule for November 24, 2026, 9:30 am ET"' in page
    assert Issue.objects.get().state == IssueState.DRAFT


def test_a_scheduled_issue_says_when_and_can_be_taken_back(client, editor, issue, now):
    page = text(schedule(client, issue)).replace("\xa0", " ")
    assert "The issue is scheduled for November 24, 2026, 9:30 am ET." in page
    scheduled = Issue.objects.get()
    assert scheduled.state == IssueState.SCHEDULED
    assert scheduled.scheduled_at == now.replace(day=24, hour=14, minute=30)
    page = text(client.post(url("unschedule", issue), follow=True))
    assert "The issue is a draft again." in page
    draft = Issue.objects.get()
    assert (draft.state, draft.scheduled_at) == (IssueState.DRAFT, None)


def test_the_time_can_be_changed_and_a_scheduled_issue_can_be_sent_at_once(client, editor, issue):
    schedule(client, issue)
    schedule(client, issue, date="2026-12-01")
    assert Issue.objects.get().scheduled_at.day == 1
    send(client, issue)
    assert Issue.objects.get().state == IssueState.SENDING


def test_an_issue_that_is_being_sent_can_be_neither_scheduled_nor_made_a_draft(client, editor, issue):
    fields = seen(issue)
    send(client, issue)
    for name in ("schedule", "unschedule"):
        response = client.post(url(name, issue), fields | TOMORROW, follow=True)
        assert response.redirect_chain[-1][0] == url("progress", issue)
        assert "already on its way" in text(response)
    assert client.get(url("send", issue)).url == url("progress", issue)
    assert Issue.objects.get().state == IssueState.SENDING


def overdue(issue, now):
    Issue.objects.filter(pk=issue.pk).update(state=IssueState.OVERDUE, scheduled_at=now - timedelta(hours=8))


def test_an_overdue_issue_asks_what_to_do(client, editor, issue, now):
    overdue(issue, now)
    page = text(client.get(url("send", issue))).replace("\xa0", " ")
    assert "It was scheduled for <b>November 23, 2026, 2:00 am ET</b>." in page
    assert "Nothing goes out until you decide" in page
    for button in ("Send now", "Schedule again", "Back to draft"):
        assert button in page
    schedule(client, issue)
    assert Issue.objects.get().state == IssueState.SCHEDULED
    overdue(issue, now)
    client.post(url("unschedule", issue))
    assert Issue.objects.get().state == IssueState.DRAFT
    overdue(issue, now)
    send(client, issue)
    assert Issue.objects.get().state == IssueState.SENDING


def test_an_overdue_issue_with_a_problem_says_so_first(client, editor, issue, now):
    overdue(issue, now)
    Issue.objects.update(body_fr="")
    page = text(client.get(url("send", issue)))
    assert "the checklist below found a problem" in page
    assert "Send now" not in page
    assert "Back to draft" in page


def test_the_first_page_of_the_admin_shows_what_waits_for_a_go_ahead(client, person_in, editor, issue, now):
    assert "waiting for your go-ahead" not in text(client.get("/en/admin/"))
    overdue(issue, now)
    page = text(client.get("/en/admin/"))
    assert "Newsletter issues waiting for your go-ahead" in page
    assert url("send", issue) in page
    client.force_login(person_in("Program"))
    assert "waiting for your go-ahead" not in text(client.get("/en/admin/"))
