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


# What stays in a row whose person asked to be forgotten while a worker had it: the result, and nothing about them.
ERASED = "What we knew about the person was deleted."

RECORD = f"""
    UPDATE outbox_message SET
        state = new.state, not_before = new.not_before,
        reason = CASE WHEN "to" = '' AND new.reason <> '' THEN '{ERASED}' ELSE new.reason END,
        subject = CASE WHEN "to" = '' THEN '' ELSE new.subject END,
        as_sent = CASE WHEN "to" = '' THEN NULL ELSE new.as_sent END,
        attempts = new.attempts, settled_at = new.settled_at, data = CASE WHEN new.state = 'queued' THEN data ELSE data - 'code' END,
        handed_over_at = CASE WHEN new.state = 'queued' THEN NULL ELSE handed_over_at END
    FROM (VALUES %s) AS new (id, claimed_at, state, reason, subject, as_sent, not_before, attempts, settled_at)
    WHERE outbox_message.id = new.id AND outbox_message.claimed_at = new.claimed_at
        AND outbox_message.state IN ('sending', 'uncertain')
"""  # noqa: S608 - ERASED is a constant
RECORD_ROW = "(%s, %s::timestamptz, %s, %s, %s, %s::bytea, %s::timestamptz, %s, %s::timestamptz)"


def record(outcomes: list[Outcome], claim: Claim) -> None:
    """Record a group in one statement, for rows that are still this worker's or became uncertain meanwhile.

    A one-time code is deleted: the ledger proves that it was sent, not what it was. If the address was erased while the
    worker had the row, what would tell about the person stays out of it.
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
