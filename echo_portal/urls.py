"""The site's URLs. Pages are under `/en/` and `/fr/`, with translated paths."""

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path
from django.utils.translation import gettext_lazy as _
from django.views.generic import RedirectView

from echo_portal import health, views

admin.site.site_header = admin.site.site_title = settings.PROJECT_NAME
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.index_title = _("Program and people")

urlpatterns = [
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}img/mark.svg")),
    path("", views.choose_language),
    path("admin/", views.choose_language),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("", include("sessions_app.embed_urls")),
    *i18n_patterns(
        path("", views.home, name="home"),
        path(_("about/"), views.page, {"template": "pages/about.html"}, name="about"),
        path(_("contact/"), views.page, {"template": "pages/contact.html"}, name="contact"),
        path(_("privacy/"), views.privacy_page, name="privacy"),
        path(_("accessibility/"), views.page, {"template": "pages/accessibility.html"}, name="accessibility"),
        path(_("time-zone/"), views.time_zone, name="time_zone"),
        path(_("sessions/"), include("sessions_app.urls")),
        path(_("registration/"), include("registrations.urls")),
        path(_("hubs/"), include("sessions_app.hub_urls")),
        path(_("newsletter/"), include("newsletters.urls")),
        path(_("workspace/"), include("workspace.urls")),
        path(_("account/"), include("echo_portal.account.urls")),
        path("admin/", admin.site.urls),
    ),
]

if not settings.PRODUCTION:
    urlpatterns += [
        path("_mail/", include("echo_portal.checkout.urls")),
        *i18n_patterns(path("_components/", include("echo_portal.checkout.component_urls"))),
    ]

# Receives the email provider's reports of bounces and complaints. Without a secret anyone could send them, so it needs one.
if settings.EMAIL_WEBHOOK_SECRET:
    urlpatterns += [path("anymail/", include("outbox.urls"))]

handler400 = views.bad_request
handler403 = views.forbidden
handler404 = views.not_found
handler429 = views.too_many_requests
handler500 = views.server_error
