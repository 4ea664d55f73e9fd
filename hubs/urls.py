"""URLs of the hub pages that list no sessions. `sessions_app/hub_urls.py` adds the others, in the namespace `hubs`."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from hubs import views

urlpatterns = [
    path("", views.hub_list, name="list"),
    path(_("become-a-partner/"), views.partner_interest, name="partner_interest"),
    path(_("become-a-partner/sent/"), views.partner_interest_sent, name="partner_interest_sent"),
    path(_("invitation/<slug:token>/"), views.accept_invitation, name="accept_invitation"),
]
