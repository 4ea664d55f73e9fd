"""The workspace's URLs. Every view takes the hub's slug and has a decorator of access.py."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from workspace.views import history, home, listing_form, listing_review, listing_steps, listings

app_name = "workspace"

urlpatterns = [
    path("", home.choose, name="choose"),
    path("<slug:slug>/", home.home, name="home"),
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
    path(_("<slug:slug>/history/"), history.history_page, name="history"),
]
