"""The account pages that the portal offers, by allauth's own names: sign in by code, sign out. Its others are not mounted."""

from allauth.account import views
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.views.generic import RedirectView

urlpatterns = [
    path(_("sign-in/"), views.request_login_code, name="account_request_login_code"),
    path(_("sign-in/code/"), views.confirm_login_code, name="account_confirm_login_code"),
    path(_("sign-out/"), views.logout, name="account_logout"),
    # allauth leads here by name from its own flows
    path(_("sign-in/new/"), RedirectView.as_view(pattern_name="sessions:list"), name="account_signup"),
    path(_("sign-in/start/"), RedirectView.as_view(pattern_name="account_request_login_code"), name="account_login"),
    path(_("sign-in/inactive/"), views.account_inactive, name="account_inactive"),
]
