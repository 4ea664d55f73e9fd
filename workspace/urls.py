"""The workspace's URLs. Every view takes the hub's slug and has a decorator of access.py."""

from django.urls import include, path
from django.utils.translation import gettext_lazy as _

from workspace.views import home, messages, registrant_actions, registrants

app_name = "workspace"

registrant_urls = [
    path("", registrants.registrant_list, name="registrants"),
    path(_("export/"), registrants.export, name="registrants_export"),
    path(_("print/"), registrants.print_view, name="registrants_print"),
    path(_("attendance/"), registrants.attendance, name="registrants_attendance"),
    path(_("add/"), registrant_actions.add, name="registrants_add"),
    path("<int:registration>/", registrants.registrant, name="registrant"),
    path(_("<int:registration>/seat/"), registrant_actions.promote, name="registrant_promote"),
    path(_("<int:registration>/move/"), registrant_actions.move, name="registrant_move"),
    path(_("<int:registration>/cancel/"), registrant_actions.cancel, name="registrant_cancel"),
]
message_urls = [
    path("", messages.message_list, name="messages"),
    path(_("new/"), messages.message_new, name="message_new"),
    path("<int:message>/", messages.message, name="message"),
]

urlpatterns = [
    path("", home.choose, name="choose"),
    path("<slug:slug>/", home.home, name="home"),
    path(_("<slug:slug>/listings/<int:series>/registrants/"), include(registrant_urls)),
    path(_("<slug:slug>/listings/<int:series>/messages/"), include(message_urls)),
]
