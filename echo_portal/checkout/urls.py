from django.urls import path

from echo_portal.checkout import mailbox

urlpatterns = [
    path("", mailbox.mailbox, name="mailbox"),
    path("gallery/", mailbox.gallery, name="email_gallery"),
    path("gallery/<str:name>/<str:language>/", mailbox.gallery_email, name="email_gallery_email"),
    path("<str:name>/", mailbox.email_page, name="mailbox_email"),
    path("<str:name>/html", mailbox.email_html, name="mailbox_html"),
]
