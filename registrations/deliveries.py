"""What became of the emails of a hub's messages, read from the outbox."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    TextChoices,
    Value,
    When,
)
from django.db.models.functions import Cast, Lower
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from outbox.models import Message, State, Suppression, SuppressionReason
from registrations.models import HubMessage
from registrations.registrants import shown_name

BOUNCES = (SuppressionReason.HARD_BOUNCE, SuppressionReason.SOFT_BOUNCES)


class Outcome(TextChoices):
    """What became of one email. Each email has one outcome."""

    SENT = "sent", gettext_lazy("Sent")
    WAITING = "waiting", gettext_lazy("Waiting to be sent")
    BOUNCED = "bounced", gettext_lazy("Bounced")
    SUPPRESSED = "suppressed", gettext_lazy("Not sent: this address is blocked, usually because email bounced")
    FAILED = "failed", gettext_lazy("Failed")
    UNCERTAIN = "uncertain", gettext_lazy("Uncertain: the connection broke while it was sent")
    EXPIRED = "expired", gettext_lazy("Not sent: no longer in this group")


def emails_of(messages: Iterable[HubMessage]) -> Any:
    """Return the outbox rows of one or more messages, with `hub_message`, `registration_id` and `outcome` of each.

    An email has bounced if its address was found not to work at that time or later. Providers report a bounce for an
    address and not reliably for one email, so a later email may have been the one that bounced.
    """
    ours = reduce(or_, (Q(key__startswith=f"hub-message:{message.pk}:") for message in messages))
    refused = Suppression.objects.annotate(address=Lower("email")).filter(
        address=OuterRef("to"), since__gte=OuterRef("settled_at"), reason__in=BOUNCES
    )
    has_bounced = Q(Exists(refused), state__in=[State.SENT, State.FAILED]) & ~Q(to="")
    outcome = Case(
        When(state__in=[State.QUEUED, State.SENDING], then=Value(Outcome.WAITING.value)),
        When(has_bounced, then=Value(Outcome.BOUNCED.value)),
        default=F("state"),
        output_field=CharField(),
    )
    return Message.objects.filter(ours).annotate(
        hub_message=_part_of_key(2), registration_id=_part_of_key(3), outcome=outcome
    )


def _part_of_key(n: int) -> Cast:
    return Cast(Func(F("key"), Value(":"), Value(n), function="split_part", output_field=CharField()), IntegerField())


def outcomes(messages: Iterable[HubMessage]) -> dict[int, Counter[Outcome]]:
    """Return how many emails of each message have each outcome, in one query."""
    messages = list(messages)
    counts: dict[int, Counter[Outcome]] = {message.pk: Counter() for message in messages}
    if messages:
        rows = emails_of(messages).order_by().values_list("hub_message", "outcome").annotate(n=Count("pk"))
        for pk, outcome, n in rows:
            counts[pk][Outcome(outcome)] = n
    return counts


def counted(counts: Counter[Outcome]) -> list[tuple[str, int]]:
    """Return the label and the number of each outcome that there is, in a fixed order."""
    return [(str(outcome.label), counts[outcome]) for outcome in Outcome if counts[outcome]]


@dataclass(frozen=True)
class Receipt:
    """One person who was sent a message. `email` comes from `emails_of`. The registration has `is_known`; it is None if it
    was deleted."""

    email: Any
    registration: Any

    @property
    def name(self) -> str:
        return shown_name(self.registration) if self.registration else _("Closed account")

    @property
    def to(self) -> str:
        return self.email.to

    @property
    def language(self) -> str:
        is_known = self.registration is not None and self.registration.is_known
        return self.email.get_language_display() if is_known else ""

    @property
    def outcome(self) -> str:
        return str(Outcome(self.email.outcome).label)
