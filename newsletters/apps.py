from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NewslettersConfig(AppConfig):
    name = "newsletters"
    verbose_name = _("Newsletters")

    def ready(self) -> None:
        from newsletters import checks, signals  # noqa: F401, PLC0415 - they register themselves
        from newsletters.emails import issues, news, subscriptions  # noqa: PLC0415 - models are ready only now
        from newsletters.services.complaints import on_complaint  # noqa: PLC0415
        from newsletters.services.sending import on_silence  # noqa: PLC0415
        from outbox.signals import complained, paused_after_silence  # noqa: PLC0415

        paused_after_silence.connect(on_silence, dispatch_uid="newsletters-silence")
        complained.connect(on_complaint, dispatch_uid="newsletters-complaint")
        for module in (subscriptions, issues, news):
            module.register_message_types()
