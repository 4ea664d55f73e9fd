from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OutboxConfig(AppConfig):
    name = "outbox"
    verbose_name = _("Emails")

    def ready(self) -> None:
        from anymail.signals import tracking  # noqa: PLC0415 - apps are ready only now

        from outbox.webhooks import on_tracking  # noqa: PLC0415

        tracking.connect(on_tracking, dispatch_uid="outbox-tracking")
