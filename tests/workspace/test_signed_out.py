"""When the sign-in ends while someone fills in a form, what they typed is kept, and the page tells nothing about the hub."""

import pytest
from django.urls import reverse

from sessions_app.models import Series
from tests.workspace.listing_forms import sent_from

pytestmark = pytest.mark.django_db


def test_what_was_typed_is_kept_and_can_be_sent_again(client, editor, url):
    sent = sent_from(client.get(url("listing_new")), title_en="First <words>", title_fr="Premiers mots")
    client.logout()
    page = client.post(url("listing_new"), sent)
    html = page.content.decode()
    assert page.status_code == 403
    assert '<input type="hidden" name="title_en" value="First &lt;words&gt;">' in html
    assert "You’ve been signed out" in html
    client.force_login(editor.user)
    kept = dict(page.context["hidden"]) | {"action": page.context["action"]}
    assert client.post(url("listing_new"), kept).status_code == 302
    assert Series.objects.get().title_fr == "Premiers mots"


def test_the_page_is_the_same_for_a_hub_that_does_not_exist(client, db):
    page = client.post(reverse("workspace:listing_new", args=["no-such-hub"]), {"title_en": "First words"})
    assert page.status_code == 403


def test_without_anything_typed_people_are_asked_to_sign_in(client, editor, url):
    client.logout()
    for response in (client.get(url("listing_new")), client.post(url("listing_new"))):
        assert response.status_code == 302
        assert "/account/sign-in/" in response.url
