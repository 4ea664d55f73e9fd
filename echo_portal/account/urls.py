"""The account pages, with allauth's URL names and our own paths in both languages. Other allauth views are not available."""

from allauth.account import views as account
from allauth.mfa.base import views as factors
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from allauth.usersessions import views as sessions
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.views.generic import RedirectView

from echo_portal.account import views

urlpatterns = [
    path("", views.menu, name="account_menu"),
    path(_("menu/"), views.menu_fragment, name="account_menu_fragment"),
    path(_("sign-in/"), views.sign_in, name="account_request_login_code"),
    path(_("sign-in/code/"), views.sign_in_code, name="account_confirm_login_code"),
    path(_("sign-in/password/"), views.sign_in_by_password, name="account_login"),
    path(_("sign-in/passkey/"), views.passkey_sign_in, name="mfa_login_webauthn"),
    path(_("sign-in/second-factor/"), factors.authenticate, name="mfa_authenticate"),
    path(_("sign-out/"), account.logout, name="account_logout"),
    # allauth redirects to these names
    path(_("sign-in/new/"), RedirectView.as_view(pattern_name="sessions:list"), name="account_signup"),
    path(
        _("sign-in/forgotten/"),
        RedirectView.as_view(pattern_name="account_request_login_code"),
        name="account_reset_password",
    ),
    path(_("sign-in/inactive/"), account.account_inactive, name="account_inactive"),
    path(_("again/"), account.reauthenticate, name="account_reauthenticate"),
    path(_("again/code/"), factors.reauthenticate, name="mfa_reauthenticate"),
    path(_("again/passkey/"), passkeys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path(_("profile/"), views.profile, name="profile"),
    path(_("email/"), views.change_email, name="change_email"),
    path(_("email/code/"), views.confirm_email, name="confirm_email"),
    path(_("data/"), views.my_data, name="my_data"),
    path(_("data/download/"), views.download, name="my_data_download"),
    path(_("close/"), views.close, name="close_account"),
    path(_("closed/"), views.closed, name="account_closed"),
    path(_("places/"), sessions.list_usersessions, name="usersessions_list"),
    path(_("security/"), factors.index, name="mfa_index"),
    path(_("security/password/"), account.password_set, name="account_set_password"),
    path(_("security/password/change/"), account.password_change, name="account_change_password"),
    path(_("security/app/"), totp.activate_totp, name="mfa_activate_totp"),
    path(_("security/app/remove/"), totp.deactivate_totp, name="mfa_deactivate_totp"),
    path(_("security/recovery-codes/"), recovery.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(_("security/recovery-codes/new/"), recovery.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path(_("security/recovery-codes/download/"), recovery.download_recovery_codes, name="mfa_download_recovery_codes"),
    path(_("security/passkeys/"), passkeys.list_webauthn, name="mfa_list_webauthn"),
    path(_("security/passkeys/add/"), passkeys.add_webauthn, name="mfa_add_webauthn"),
    path(_("security/passkeys/<int:pk>/"), passkeys.edit_webauthn, name="mfa_edit_webauthn"),
    path(_("security/passkeys/<int:pk>/remove/"), passkeys.remove_webauthn, name="mfa_remove_webauthn"),
]
