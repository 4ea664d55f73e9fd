"""Organizations that want to become a hub: what they send, and what staff make of it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from accounts.models import User
from hubs.models import OPEN_STAGES, Hub, InterestNote, PartnerInterest, Role, Stage
from hubs.services import team
from hubs.services.notifications import notify_of_interest

# Partner interests are deleted this long after they were accepted or declined, or last touched.
KEPT_FOR = timedelta(days=730)


class SlugTakenError(Exception):
    """Another hub has this page address."""


class AlreadyAcceptedError(Exception):
    """The interest was accepted, so its stage is settled."""


@dataclass(frozen=True)
class InterestDetails:
    """What an organization enters in the form."""

    organization: str
    organization_type: str
    contact_name: str
    email: str
    language: str
    contact_role: str = ""
    phone: str = ""
    provinces: Sequence[str] = ()
    serves: str = ""
    idea: str = ""
    heard_from: str = ""


@transaction.atomic
def record_interest(details: InterestDetails, *, now: datetime) -> PartnerInterest:
    """Save the interest, acknowledge it by email, and notify staff."""
    fields = asdict(details) | {"provinces": list(details.provinces)}
    interest = PartnerInterest.objects.create(**fields, created_at=now)
    notify_of_interest(interest, now)
    return interest


@transaction.atomic
def accept_interest(
    interest: PartnerInterest,
    *,
    name_en: str,
    name_fr: str,
    slug: str,
    provinces: Sequence[str],
    by: User,
    now: datetime,
) -> Hub:
    """Create the hub and invite the contact as its coordinator. A second press returns the same hub and sends nothing.

    The hub is in the public directory at once, with its name and provinces, so that its team can publish without asking
    staff again. Raises SlugTakenError, or AlreadyAcceptedError if it was accepted and its hub has been deleted since.
    """
    # without the hub, which a join would read as it was before this waited for the lock
    locked = PartnerInterest.objects.select_for_update().get(pk=interest.pk)
    if locked.hub:
        return locked.hub
    if locked.stage == Stage.ACCEPTED:
        raise AlreadyAcceptedError
    if Hub.objects.filter(slug=slug).exists():
        raise SlugTakenError
    hub = Hub.objects.create(slug=slug, name_en=name_en, name_fr=name_fr, provinces=list(provinces))
    team.invite(hub, locked.email, Role.COORDINATOR, locked.language, by=by, now=now)
    locked.stage, locked.settled_at, locked.hub = Stage.ACCEPTED, now, hub
    locked.next_step, locked.next_step_on = "", None
    locked.save(update_fields=["stage", "settled_at", "hub", "next_step", "next_step_on"])
    return hub


def move_to_stage(interest: PartnerInterest, stage: str, *, now: datetime) -> None:
    """Set the stage and when it was settled, without saving. Only `accept_interest` accepts.

    Raises AlreadyAcceptedError if `stage` is accepted, or was.
    """
    if Stage.ACCEPTED in (stage, PartnerInterest.objects.values_list("stage", flat=True).get(pk=interest.pk)):
        raise AlreadyAcceptedError
    interest.stage = stage
    interest.settled_at = now if stage == Stage.DECLINED else None


def add_note(interest: PartnerInterest, text: str, *, by: User, now: datetime) -> InterestNote:
    return InterestNote.objects.create(interest=interest, text=text, by=by, at=now)


def delete_old_interests(now: datetime) -> int:
    """Delete interests that were settled more than KEPT_FOR ago, with their notes. Returns how many interests.

    So are open ones that were received before that, if no note and no next step is later.
    """
    before = now - KEPT_FOR
    is_planned = Q(next_step_on__gte=before.date())
    has_recent_note = Exists(InterestNote.objects.filter(interest=OuterRef("pk"), at__gte=before))
    is_forgotten = Q(stage__in=OPEN_STAGES, created_at__lt=before) & ~is_planned & ~has_recent_note
    deleted = PartnerInterest.objects.filter(Q(settled_at__lt=before) | is_forgotten).delete()[1]
    return deleted.get("hubs.PartnerInterest", 0)
