from django.urls import path
from django.utils.translation import gettext_lazy as _

from registrations import views

app_name = "registrations"

urlpatterns = [
    path(_("mine/"), views.mine, name="mine"),
    path(_("join/<str:token>/"), views.join, name="join"),
    path("<slug:slug>/", views.register, name="register"),
    path("<slug:slug>/code/", views.code, name="code"),
    path(_("<slug:slug>/cancel/"), views.cancel, name="cancel"),
    path(_("<slug:slug>/panel/"), views.panel, name="panel"),
]
