"""What other apps can learn from the outbox."""

from django.dispatch import Signal

# A person reported an email as spam. Sent with `email`, their address, `message`, the row of the email or None, and `at`. It is
# sent outside a transaction, and again for each copy of the report.
complained = Signal()

# Bulk sends were paused because no worker had run for long. Sent with `bulk_sends`, a list, and `now`, in the same transaction.
paused_after_silence = Signal()
