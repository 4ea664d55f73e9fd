"""Write to the ledger and drain it (docs/structure.md, the outbox).

A batch is claimed with FOR UPDATE SKIP LOCKED and committed as "sending". Just before the mail server gets a message,
`handed_over_at` is committed. If a worker dies before that, the row returns to the queue. If it dies after, the message
may have been sent: the row becomes "uncertain" and is not sent again automatically.
"""

from outbox.services.claims import CLAIM_LASTS, claim_due, recover
from outbox.services.delivery import BATCH, BULK_BATCH, GROUP, drain_batch
from outbox.services.ledger import (
    BODIES_KEPT_FOR,
    Draft,
    clear_nudge,
    forget_address,
    nudge,
    prune,
    readdress,
    requeue,
    was_written,
    write,
)
from outbox.services.results import PAUSES

__all__ = [
    "BATCH",
    "BODIES_KEPT_FOR",
    "BULK_BATCH",
    "CLAIM_LASTS",
    "GROUP",
    "PAUSES",
    "Draft",
    "claim_due",
    "clear_nudge",
    "drain_batch",
    "forget_address",
    "nudge",
    "prune",
    "readdress",
    "recover",
    "requeue",
    "was_written",
    "write",
]
