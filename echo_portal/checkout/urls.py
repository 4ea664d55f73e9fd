from django.urls import path

from echo_portal.checkout import mailbox

urlpatterns = [
    path("", mailbox.mailbox, name="mailbox"),
    path("gallery/", mailbox.gallery, name="mail_gallery"),
    path("gallery/<str:name>/<str:language>/", mailbox.gallery_letter, name="mail_gallery_letter"),
    path("<str:name>/", mailbox.letter, name="mailbox_letter"),
    path("<str:name>/html", mailbox.letter_html, name="mailbox_html"),
]
