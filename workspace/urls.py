"""The workspace's URLs. Every view takes the hub's slug and has a decorator of access.py."""

from django.urls import include, path
from django.utils.translation import gettext_lazy as _

from workspace.views import (
    embed,
    history,
    home,
    hub_page,
    listing_form,
    listing_review,
    listing_steps,
    listings,
    messages,
    registrant_actions,
    registrants,
    team,
)

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
    path(_("<slug:slug>/history/"), history.history_page, name="history"),
    path(_("<slug:slug>/listings/"), listings.listings, name="listings"),
    path(_("<slug:slug>/listings/new/"), listing_form.new, name="listing_new"),
    path(_("<slug:slug>/listings/<int:series>/"), listings.overview, name="listing"),
    path(_("<slug:slug>/listings/<int:series>/edit/"), listing_form.edit, name="listing_edit"),
    path(_("<slug:slug>/listings/<int:series>/preview/"), listings.preview, name="listing_preview"),
    path(_("<slug:slug>/listings/<int:series>/submit/"), listing_review.submit, name="listing_submit"),
    path(_("<slug:slug>/listings/<int:series>/publish/"), listing_review.publish, name="listing_publish"),
    path(_("<slug:slug>/listings/<int:series>/withdraw/"), listing_review.withdraw, name="listing_withdraw"),
    path(_("<slug:slug>/listings/<int:series>/comment/"), listing_review.comment, name="listing_comment"),
    path(_("<slug:slug>/listings/<int:series>/take-back/"), listing_review.take_back, name="listing_take_back"),
    path(_("<slug:slug>/listings/<int:series>/duplicate/"), listing_steps.duplicate, name="listing_duplicate"),
    path(_("<slug:slug>/listings/<int:series>/cancel/"), listing_steps.cancel, name="listing_cancel"),
    path(_("<slug:slug>/listings/<int:series>/archive/"), listing_steps.archive, name="listing_archive"),
    path(_("<slug:slug>/listings/<int:series>/delete/"), listing_steps.delete, name="listing_delete"),
    path(
        _("<slug:slug>/listings/<int:series>/sessions/<int:session>/"),
        listing_steps.change_session,
        name="listing_session",
    ),
    path(_("<slug:slug>/hub-page/"), hub_page.hub_page, name="hub_page"),
    path(_("<slug:slug>/hub-page/logo/"), hub_page.logo, name="hub_logo"),
    path(_("<slug:slug>/hub-page/logo/remove/"), hub_page.remove_logo, name="hub_logo_remove"),
    path(_("<slug:slug>/on-your-site/"), embed.embed, name="embed"),
    path(_("<slug:slug>/team/"), team.team, name="team"),
    path(_("<slug:slug>/team/invite/"), team.invite, name="team_invite"),
    path(_("<slug:slug>/team/leave/"), team.leave, name="team_leave"),
    path(_("<slug:slug>/team/invitations/<int:pk>/send-again/"), team.resend, name="team_resend"),
    path(_("<slug:slug>/team/invitations/<int:pk>/withdraw/"), team.revoke, name="team_revoke"),
    path(_("<slug:slug>/team/<int:pk>/role/"), team.role, name="team_role"),
    path(_("<slug:slug>/team/<int:pk>/remove/"), team.remove, name="team_remove"),
    path(_("<slug:slug>/listings/<int:series>/registrants/"), include(registrant_urls)),
    path(_("<slug:slug>/listings/<int:series>/messages/"), include(message_urls)),
]
