from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_save
from django.utils.translation import gettext_lazy as _


class RegistrationsConfig(AppConfig):
    name = "registrations"
    verbose_name = _("Registrations")

    def ready(self) -> None:
        from registrations import emails  # noqa: PLC0415 - models are ready only now
        from sessions_app.models import Resource, Series, Session  # noqa: PLC0415

        emails.register_kinds()
        post_save.connect(_note_change, sender=Session, dispatch_uid="note-change")
        post_save.connect(_tell_recording, sender=Resource, dispatch_uid="tell-recording")
        post_save.connect(_follow, sender=Series, dispatch_uid="follow-series")


def _follow(instance: Any, created: bool, **_kwargs: Any) -> None:
    """Whoever edits a series may have added seats, closed, cancelled or withdrawn it; everyone's place follows in the same
    transaction."""
    from django.utils import timezone  # noqa: PLC0415

    from registrations.services import follow_series  # noqa: PLC0415

    if not created:
        follow_series(instance, now=timezone.now(), note=getattr(instance, "note_to_people", ""))


def _note_change(instance: Any, created: bool, **_kwargs: Any) -> None:
    from django.utils import timezone  # noqa: PLC0415

    from registrations.services import note_change  # noqa: PLC0415

    note_change(instance, created=created, now=timezone.now())


def _tell_recording(instance: Any, created: bool, **_kwargs: Any) -> None:
    from django.utils import timezone  # noqa: PLC0415

    from registrations.services import tell_recording  # noqa: PLC0415

    if created:
        tell_recording(instance, now=timezone.now())
