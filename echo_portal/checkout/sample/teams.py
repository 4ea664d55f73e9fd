"""The teams of two sample hubs, what they are working on, and two organizations that would like to become a hub.

Nobody is emailed: rows are written directly, and those of the outbox are already settled. All names are invented.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from allauth.account.models import EmailAddress

from accounts.models import User
from accounts.services import get_or_create_user
from accounts.zones import PROJECT_ZONE
from echo_portal.checkout.sample.dates import is_holiday
from echo_portal.checkout.sample.people import DOMAIN
from hubs.models import Hub, InterestNote, Membership, OrganizationType, PartnerInterest, Role, Stage, TeamInvitation
from outbox.models import State, SuppressionReason
from outbox.suppression import suppress
from registrations.deliveries import emails_of
from registrations.models import Recipients
from registrations.services import Audience, Texts, send_message
from sessions_app.editing.data import ListingData, read, to_json
from sessions_app.editing.duplicate import moved
from sessions_app.editing.saving import create_listing
from sessions_app.models import ChangeRequest, Publication, ReviewStep, Series

COORDINATOR_EMAIL = f"coordinator@{DOMAIN}"
NORTH, ESTRIE = "northern-ontario", "estrie"
# Address, name, language, and the roles by hub. The editor belongs to both.
TEAMS: list[tuple[str, str, str, dict[str, Role]]] = [
    (COORDINATOR_EMAIL, "Rosa Whitefish", "en", {NORTH: Role.COORDINATOR}),
    (f"editor@{DOMAIN}", "Julie Desbiens", "fr", {NORTH: Role.EDITOR, ESTRIE: Role.EDITOR}),
    (f"viewer@{DOMAIN}", "Tom Halvorsen", "en", {NORTH: Role.VIEWER}),
    (f"coordination@{DOMAIN}", "Mathilde Roberge", "fr", {ESTRIE: Role.COORDINATOR}),
]
# The estrie hub publishes by itself.
TRUSTED = ESTRIE
INVITED = f"new.colleague@{DOMAIN}"
AN_HOUR, A_DAY = timedelta(hours=1), timedelta(days=1)
MESSAGE = Texts(
    subject_en="Please bring a case",
    subject_fr="Apportez un cas",
    body_en="If you can, bring a case from your own work. Leave out names and anything that could identify someone.",
    body_fr="Si possible, apportez un cas de votre pratique, sans nom ni détail qui permettrait de reconnaître quelqu’un.",
)


def make_teams(series: Mapping[str, Series], *, first_words: str, going_home: str, staff: User, now: datetime) -> None:
    """Create the teams and their work. Does nothing if they exist, or if the series of the sample program do not."""
    if User.objects.filter(email=COORDINATOR_EMAIL).exists() or not {first_words, going_home} <= set(series):
        return
    people = _make_people(now)
    coordinator = people[COORDINATOR_EMAIL]
    hub = Hub.objects.get(slug=NORTH)
    TeamInvitation.objects.create(
        hub=hub,
        email=INVITED,
        role=Role.EDITOR,
        invited_by=coordinator,
        created_at=now - A_DAY,
        sent_at=now - A_DAY,
        expires_at=now + 13 * A_DAY,
    )
    _make_drafts(series[first_words], series[going_home], coordinator, staff, now)
    _make_change_request(series[going_home], coordinator, now)
    _make_message(series[first_words], coordinator, now - AN_HOUR)
    _make_interests(staff, now)


def _make_people(now: datetime) -> dict[str, User]:
    hubs = {hub.slug: hub for hub in Hub.objects.filter(slug__in=[NORTH, ESTRIE])}
    Hub.objects.filter(slug=TRUSTED).update(is_trusted=True)
    people = {}
    for email, name, language, roles in TEAMS:
        person = get_or_create_user(email, language=language)
        User.objects.filter(pk=person.pk).update(name=name)
        EmailAddress.objects.filter(user=person).update(verified=True)
        for slug, role in roles.items():
            Membership.objects.create(hub=hubs[slug], user=person, role=role, joined_at=now - 90 * A_DAY)
        people[email] = person
    return people


def _make_drafts(first_words: Series, going_home: Series, coordinator: User, staff: User, now: datetime) -> None:
    """Create a listing that waits for staff, and a draft that staff returned with a comment."""
    submitted = _copy(
        first_words,
        "Talking about serious illness: the family meeting",
        "Parler de maladie grave : la rencontre avec la famille",
        coordinator,
        now,
    )
    returned = _copy(
        going_home,
        "Going home to the community: caring for the carers",
        "Retourner dans la communauté : prendre soin des proches aidants",
        coordinator,
        now,
    )
    submitted.review.create(step=ReviewStep.SUBMITTED, by=coordinator, at=now - A_DAY)
    Series.objects.filter(pk=submitted.pk).update(publication=Publication.SUBMITTED)
    returned.review.create(step=ReviewStep.SUBMITTED, by=coordinator, at=now - 3 * A_DAY)
    comment = (
        "Thank you! Could you add when registration opens, and name the speakers? Then we’ll publish it right away."
    )
    returned.review.create(step=ReviewStep.RETURNED, by=staff, at=now - A_DAY, comment=comment)


def _copy(series: Series, title_en: str, title_fr: str, by: User, now: datetime) -> Series:
    data = read(series).with_values(
        title_en=title_en, title_fr=title_fr, registration_opens_at=None, registration_closes_at=None
    )
    sessions = moved(data.sessions, _a_workday(now), series)
    return create_listing(series.hub, ListingData(data.values, sessions), by=by, now=now)


def _a_workday(now: datetime) -> date:
    """Return a workday in about nine weeks."""
    day = now.astimezone(ZoneInfo(PROJECT_ZONE)).date() + 63 * A_DAY
    while day.weekday() > 4 or is_holiday(day):  # noqa: PLR2004 - Friday
        day += A_DAY
    return day


def _make_change_request(series: Series, by: User, now: datetime) -> None:
    """The hub, which is not trusted, asks for more seats."""
    series = Series.objects.get(pk=series.pk)
    before = read(series)
    after = before.with_values(capacity=(series.capacity or 0) + 10)
    ChangeRequest.objects.create(
        series=series, before=to_json(before), changes=to_json(after), by=by, created_at=now - A_DAY
    )
    series.review.create(step=ReviewStep.CHANGES_SENT, by=by, at=now - A_DAY)


def _make_message(series: Series, by: User, sent_at: datetime) -> None:
    """A message to everyone with a seat. Its emails are recorded as sent, and the first one bounced."""
    message = send_message(series, Audience(Recipients.CONFIRMED), MESSAGE, by=by, token=uuid4(), now=sent_at)
    settled_at = sent_at + timedelta(minutes=1)
    emails = emails_of([message])
    times = {"created_at": sent_at, "handed_over_at": settled_at, "settled_at": settled_at}
    for language, subject in (("en", MESSAGE.subject_en), ("fr", MESSAGE.subject_fr)):
        emails.filter(language=language).update(state=State.SENT, attempts=1, subject=subject, **times)
    bounced = emails.order_by("pk")[0]
    detail = "550 5.1.1 The email account that you tried to reach does not exist"
    suppress(bounced.to, SuppressionReason.HARD_BOUNCE, now=sent_at + timedelta(minutes=2), detail=detail)


def _make_interests(staff: User, now: datetime) -> None:
    PartnerInterest.objects.create(
        organization="Kluane Home Care Society",
        organization_type=OrganizationType.HOME_CARE,
        contact_name="Ingrid Sather",
        contact_role="Manager, home care",
        email=f"ingrid.sather@{DOMAIN}",
        phone="867-555-0123",
        provinces=["YT"],
        serves="Home care nurses and support workers in small communities.",
        idea="Monthly sessions about palliative care far from a hospital.",
        language="en",
        heard_from="colleague",
        created_at=now - 2 * A_DAY,
    )
    talking = PartnerInterest.objects.create(
        organization="Maison Aube-Claire",
        organization_type=OrganizationType.HOSPICE,
        contact_name="Paul Arsenault",
        contact_role="Directeur des soins",
        email=f"paul.arsenault@{DOMAIN}",
        provinces=["NB", "PE"],
        serves="Les équipes des maisons de soins palliatifs francophones.",
        idea="Des discussions de cas en français, deux fois par mois.",
        language="fr",
        heard_from="event",
        created_at=now - 20 * A_DAY,
        stage=Stage.TALKING,
        owner=staff,
        next_step="Call about dates for the first series",
        next_step_on=(now - A_DAY).date(),
    )
    InterestNote.objects.create(
        interest=talking, by=staff, at=now - 8 * A_DAY, text="Good first call. They have a physician and two nurses."
    )
