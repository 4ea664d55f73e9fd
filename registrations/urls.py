from django.urls import path
from django.utils.translation import gettext_lazy as _

from registrations.views import calendar, colleagues, links, mine, registering

app_name = "registrations"

urlpatterns = [
    path(_("mine/"), mine.mine, name="mine"),
    path(_("mine/session/<int:session>/"), mine.intention, name="intention"),
    path(_("mine/calendar/"), mine.renew, name="renew_calendar"),
    path(_("mine/<int:registration>.ics"), calendar.registration_ics, name="registration_ics"),
    path(_("calendar/<str:token>.ics"), calendar.feed, name="feed"),
    path(_("join/<str:token>/"), links.join, name="join"),
    path(_("place/<str:token>/"), links.registration_link, name="registration_link"),
    path("<slug:slug>/", registering.register, name="register"),
    path("<slug:slug>/code/", registering.code, name="code"),
    path(_("<slug:slug>/cancel/"), mine.cancel, name="cancel"),
    path(_("<slug:slug>/panel/"), registering.panel, name="panel"),
    path(_("<slug:slug>/colleagues/"), colleagues.colleagues, name="colleagues"),
]
