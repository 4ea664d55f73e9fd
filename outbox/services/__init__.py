"""Write to the ledger and drain it (docs/structure.md, the outbox).

A batch is claimed with FOR UPDATE SKIP LOCKED and committed as "sending". Just before the mail server gets a message,
`handed_over_at` is committed. If a worker dies before that, the row returns to the queue. If it dies after, the message
may have been sent: the row becomes "uncertain" and is not sent again automatically.
"""

from outbox.services.bulk_sends import (
    LONG_SILENCE,
    UNSETTLED,
    BulkSendCounts,
    count,
    finish_bulk_send,
    may_be_retried,
    pause_after_silence,
    pause_bulk_send,
    resume_bulk_send,
    retry_bulk_send,
    start_bulk_send,
    stop_bulk_send,
)
from outbox.services.claims import CLAIM_LASTS, claim_bulk, claim_service, recover
from outbox.services.delivery import BATCH, BULK_BATCH, BULK_SECONDS, GROUP, SMALLEST_BULK_BATCH, drain_batch
from outbox.services.ledger import (
    BODIES_KEPT_FOR,
    Draft,
    clear_nudge,
    forget_address,
    forget_bulk,
    nudge,
    prune,
    readdress,
    readdress_bulk,
    requeue,
    was_written,
    write,
)
from outbox.services.results import PAUSES

__all__ = [
    "BATCH",
    "BODIES_KEPT_FOR",
    "BULK_BATCH",
    "BULK_SECONDS",
    "CLAIM_LASTS",
    "GROUP",
    "LONG_SILENCE",
    "PAUSES",
    "SMALLEST_BULK_BATCH",
    "UNSETTLED",
    "BulkSendCounts",
    "Draft",
    "claim_bulk",
    "claim_service",
    "clear_nudge",
    "count",
    "drain_batch",
    "finish_bulk_send",
    "forget_address",
    "forget_bulk",
    "may_be_retried",
    "nudge",
    "pause_after_silence",
    "pause_bulk_send",
    "prune",
    "readdress",
    "readdress_bulk",
    "recover",
    "requeue",
    "resume_bulk_send",
    "retry_bulk_send",
    "start_bulk_send",
    "stop_bulk_send",
    "was_written",
    "write",
]
