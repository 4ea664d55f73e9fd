import re

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.core.management import call_command

from accounts.bots import BITS, is_proof
from newsletters.models import Subscriber
from newsletters.private_links import make_private_token
from outbox.models import Message
from tests.factories import SubscriberFactory, UserFactory

FORM = "/en/newsletter/stay-connected/"
TYPED = {
    "email": "Zoe@Example.ca",
    "topics": ["newsletter", "session-news"],
    "profession": "pharmacist",
    "province": "QC",
    "language": "en",
    "name": "Zoé Roy",
    "organization": "CLSC du Nord",
    "consent": "on",
}


@pytest.fixture
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def fill_in(client, clock):
    """Return a function that opens a form for everyone, takes half a minute, and returns what it sends."""

    def make(page=FORM, typed=TYPED, **changes):
        token = client.get(page).context["form"]["token"].value()
        clock.shift(30)
        proof = next(str(number) for number in range(1 << (BITS + 6)) if is_proof(token, str(number)))
        return typed | {"token": token, "proof": proof} | changes

    return make


@pytest.fixture
def ask(client, fill_in):
    """Return a function that fills in the form and sends it."""

    def run(**changes):
        return client.post(FORM, fill_in(**changes))

    return run


@pytest.fixture
def subscribe(client, ask):
    """Return a function that subscribes someone by the form and the button, and returns the subscriber."""

    def run(**changes):
        ask(**changes)
        client.post(link_in(Message.objects.latest("pk"), "confirm"))
        return Subscriber.objects.get(email=changes.get("email", TYPED["email"]).lower())

    return run


@pytest.fixture
def subscriber(clock, now):
    return SubscriberFactory(email="zoe@example.ca", subscribed_at=now, topics=["newsletter", "reminders"])


@pytest.fixture
def person_in():
    """Return a function that makes a person of the staff in a role."""
    call_command("set_up_roles", verbosity=0)

    def make(role):
        person = UserFactory(is_staff=True, name=f"{role} person")
        person.groups.add(Group.objects.get(name=role))
        return person

    return make


@pytest.fixture
def editor(client, person_in):
    """Someone who writes the newsletter, signed in."""
    person = person_in("Newsletters")
    client.force_login(person)
    return person


def rendered(message):
    from django.utils import timezone, translation

    from outbox import message_types

    with translation.override(message.language):
        (loaded,) = message_types.load(message.message_type, [message.data])
        return message_types.render(message.message_type, loaded, timezone.now())


def link_in(message, word):
    """Return the path of the first link of an email that has `word` in it."""
    found = re.findall(r"https?://[^/\s]+(/\S+)", rendered(message).text)
    return next(path for path in found if word in path)


def private_page(subscriber, now):
    """Return the path of the private settings that a link emailed at `now` opens."""
    return f"/en/newsletter/private/{make_private_token(subscriber, now)}/"


def words(response):
    return " ".join(response.content.decode().replace("\u00a0", " ").split())
