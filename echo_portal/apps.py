from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Settings, URLs, the account pages and the general pages."""

    name = "echo_portal"

    def ready(self) -> None:
        from allauth.mfa.signals import authenticator_added  # noqa: PLC0415 - apps are ready only now

        from accounts.services import email_changed  # noqa: PLC0415
        from echo_portal import emails  # noqa: PLC0415
        from echo_portal.account.new_address import apply_email_change  # noqa: PLC0415
        from echo_portal.account.second_factor import record_confirmation  # noqa: PLC0415
        from echo_portal.celery import app  # noqa: PLC0415

        app.set_default()  # so that shared tasks find the broker in every process
        emails.register_message_types()
        email_changed.connect(apply_email_change, dispatch_uid="apply-email-change")
        authenticator_added.connect(record_confirmation, dispatch_uid="record-confirmation")
