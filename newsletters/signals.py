"""Public pages that show issues and publications are rendered again after an edit (echo_portal/page_cache.py)."""

from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import Signal, receiver

from newsletters.models import Issue, IssueRendering, Publication, PublicationFile
from sessions_app.version import programme_changed

CHANGES: list[Signal] = [post_save, post_delete]


@receiver(CHANGES, sender=Issue)
@receiver(CHANGES, sender=IssueRendering)
@receiver(CHANGES, sender=Publication)
@receiver(CHANGES, sender=PublicationFile)
def on_change(**_kwargs: Any) -> None:
    transaction.on_commit(programme_changed)
