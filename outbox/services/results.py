"""Record the results of a group of messages in one statement."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection as database
from psycopg2.extras import execute_values

from outbox.models import Message, State
from outbox.services.claims import Claim

# The pauses after the first, second, … temporary failure. After the last one the row has failed.
PAUSES = [timedelta(seconds=seconds) for seconds in settings.OUTBOX_PAUSES_SECONDS]


@dataclass
class Outcome:
    """The result of one message. The results of a group are recorded together."""

    message: Message
    state: State
    reason: str = ""
    as_sent: bytes | None = None


RECORD = """
    UPDATE outbox_message SET
        state = new.state, reason = new.reason, subject = new.subject, as_sent = new.as_sent, not_before = new.not_before,
        attempts = new.attempts, settled_at = new.settled_at, data = CASE WHEN new.state = 'queued' THEN data ELSE data - 'code' END,
        handed_over_at = CASE WHEN new.state = 'queued' THEN NULL ELSE handed_over_at END
    FROM (VALUES %s) AS new (id, claimed_at, state, reason, subject, as_sent, not_before, attempts, settled_at)
    WHERE outbox_message.id = new.id AND outbox_message.claimed_at = new.claimed_at
        AND outbox_message.state IN ('sending', 'uncertain')
"""
RECORD_ROW = "(%s, %s::timestamptz, %s, %s, %s, %s::bytea, %s::timestamptz, %s, %s::timestamptz)"


def record(outcomes: list[Outcome], claim: Claim) -> None:
    """Record a group in one statement, for rows that are still this worker's or became uncertain meanwhile.

    A one-time code is deleted: the ledger proves that it was sent, not what it was.
    """
    if not outcomes:
        return
    with database.cursor() as cursor:
        execute_values(cursor.cursor, RECORD, [_row(outcome, claim) for outcome in outcomes], template=RECORD_ROW)
    claim.left -= {outcome.message.pk for outcome in outcomes}


def _row(outcome: Outcome, claim: Claim) -> tuple[Any, ...]:
    now = claim.claimed_at
    message, again = outcome.message, outcome.state == State.QUEUED
    return (
        message.pk,
        claim.claimed_at,
        outcome.state.value,
        outcome.reason[:300],
        message.subject,
        outcome.as_sent,
        now + PAUSES[message.attempts] if again else message.not_before,
        message.attempts + again,
        None if again else now,
    )
