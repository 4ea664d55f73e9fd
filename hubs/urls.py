"""URLs of the hub pages that list no sessions. `sessions_app/hub_urls.py` adds the others, in the namespace `hubs`."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from hubs.views import interest, invitations, logos

urlpatterns = [
    path("<slug:slug>/logo-<slug:checksum>.png", logos.logo, name="logo"),
    path(_("become-a-partner/"), interest.partner_interest, name="partner_interest"),
    path(_("become-a-partner/sent/"), interest.partner_interest_sent, name="partner_interest_sent"),
    path(_("invitation/<slug:token>/"), invitations.accept_invitation, name="accept_invitation"),
]
