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

        emails.register_message_types()
        post_save.connect(_record_session_change, sender=Session, dispatch_uid="note-change")
        post_save.connect(_notify_recording, sender=Resource, dispatch_uid="tell-recording")
        post_save.connect(_follow, sender=Series, dispatch_uid="follow-series")


def _follow(instance: Any, created: bool, **_kwargs: Any) -> None:
    """Apply a change of a series to its registrations, in the same transaction."""
    from django.utils import timezone  # noqa: PLC0415

    from registrations.services import apply_series_change  # noqa: PLC0415

    if not created:
        apply_series_change(instance, now=timezone.now(), note=instance.note_to_people)


def _record_session_change(instance: Any, created: bool, **_kwargs: Any) -> None:
    from django.utils import timezone  # noqa: PLC0415

    from registrations.services import record_session_change  # noqa: PLC0415

    record_session_change(instance, created=created, now=timezone.now())


def _notify_recording(instance: Any, created: bool, **_kwargs: Any) -> None:
    from django.utils import timezone  # noqa: PLC0415

    from registrations.services import notify_recording  # noqa: PLC0415

    if created:
        notify_recording(instance, now=timezone.now())
