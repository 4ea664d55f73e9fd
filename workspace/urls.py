"""The workspace's URLs. Every view takes the hub's slug and has a decorator of access.py."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from workspace.views import home, team

app_name = "workspace"

urlpatterns = [
    path("", home.choose, name="choose"),
    path("<slug:slug>/", home.home, name="home"),
    path(_("<slug:slug>/team/"), team.team, name="team"),
    path(_("<slug:slug>/team/invite/"), team.invite, name="team_invite"),
    path(_("<slug:slug>/team/leave/"), team.leave, name="team_leave"),
    path(_("<slug:slug>/team/invitations/<int:pk>/send-again/"), team.resend, name="team_resend"),
    path(_("<slug:slug>/team/invitations/<int:pk>/withdraw/"), team.revoke, name="team_revoke"),
    path(_("<slug:slug>/team/<int:pk>/role/"), team.role, name="team_role"),
    path(_("<slug:slug>/team/<int:pk>/remove/"), team.remove, name="team_remove"),
]
