from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_delete, post_save
from django.utils.translation import gettext_lazy as _


class SessionsConfig(AppConfig):
    name = "sessions_app"
    verbose_name = _("Program")

    def ready(self) -> None:
        from hubs.models import Hub  # noqa: PLC0415 - models are ready only now
        from sessions_app.models import Series, Session  # noqa: PLC0415

        for model in (Hub, Series, Session):
            for signal in (post_save, post_delete):
                signal.connect(_edited, sender=model, dispatch_uid="programme-changed")


def _edited(**_kwargs: Any) -> None:
    from sessions_app.services import programme_edited  # noqa: PLC0415

    programme_edited()
