"""Factories for test data. Sessions start some days from `now`, so no test depends on today's date."""

from datetime import timedelta

import factory
from allauth.account.models import EmailAddress
from django.utils import timezone

from accounts.models import ProviderProfile, User
from hubs.models import Hub, Membership, Role
from newsletters.models import Issue, Subscriber, Topic
from sessions_app.models import Series, Session


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.ca")
    name = factory.Sequence(lambda n: f"Person {n}")
    language = "en"
    password = "!"  # unusable: most people sign in with a code

    @factory.post_generation
    def with_profile(self, create, extracted, **kwargs):
        if extracted:
            ProviderProfile.objects.create(user=self, profession="registered-nurse", province="ON")
            EmailAddress.objects.create(user=self, email=self.email, primary=True, verified=True)


class HubFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Hub

    slug = factory.Sequence(lambda n: f"hub-{n}")
    name_en = factory.Sequence(lambda n: f"Hub {n}")
    name_fr = factory.Sequence(lambda n: f"Pôle {n}")
    provinces = ["ON"]


class MembershipFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Membership

    hub = factory.SubFactory(HubFactory)
    user = factory.SubFactory(UserFactory)
    role = Role.COORDINATOR
    joined_at = factory.LazyFunction(timezone.now)


class SeriesFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Series

    slug = factory.Sequence(lambda n: f"series-{n}")
    title_en = factory.Sequence(lambda n: f"Series {n}")
    title_fr = factory.Sequence(lambda n: f"Série {n}")
    publication = "published"


class SubscriberFactory(factory.django.DjangoModelFactory):
    """A subscriber to everything: a registered nurse in Ontario."""

    class Meta:
        model = Subscriber

    email = factory.Sequence(lambda n: f"subscriber{n}@example.ca")
    name = factory.Sequence(lambda n: f"Subscriber {n}")
    profession = "registered-nurse"
    province = "ON"
    language = "en"
    topics = factory.LazyFunction(lambda: list(Topic.values))
    subscribed_at = factory.LazyFunction(timezone.now)


class IssueFactory(factory.django.DjangoModelFactory):
    """A draft that is ready to be sent to everyone who subscribed to the newsletter."""

    class Meta:
        model = Issue

    slug = factory.Sequence(lambda n: f"issue-{n}")
    slug_fr = factory.Sequence(lambda n: f"numero-{n}")
    title_en = factory.Sequence(lambda n: f"Issue {n}")
    title_fr = factory.Sequence(lambda n: f"Numéro {n}")
    preview_en = "What is in it."
    preview_fr = "Ce qu’il contient."
    body_en = "Hello.\n\n## News\n\nAll is well."
    body_fr = "Bonjour.\n\n## Nouvelles\n\nTout va bien."


def SessionFactory(*, now, days=10, series=None, hours=1, **fields):  # noqa: N802 - a factory like the others
    """Create a session `days` from `now`. A new series opened for registration a month ago. Other fields go to the series."""
    series_fields = {key: fields.pop(key) for key in list(fields) if not hasattr(Session, key)}
    series = series or SeriesFactory(**({"registration_opens_at": now - timedelta(days=30)} | series_fields))
    starts_at = now + timedelta(days=days)
    session = Session.objects.create(
        series=series, starts_at=starts_at, ends_at=starts_at + timedelta(hours=hours), **fields
    )
    series.refresh_from_db()
    return session
