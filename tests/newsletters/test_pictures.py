"""Pictures of issues are drawn again, described, and public once their issue is."""

from io import BytesIO

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from newsletters.fields import IssuePictureField
from newsletters.rendering import render_issue
from newsletters.services.pictures import PictureTooHeavyError, add_picture, redraw
from tests.factories import IssueFactory, UserFactory
from tests.hubs.logo_files import SCRIPT, photo_with_location, picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def add(now):
    def run(issue, content=None, alt_en="A pine", alt_fr="Un pin"):
        return add_picture(issue, redraw(BytesIO(content or picture())), alt_en=alt_en, alt_fr=alt_fr, now=now)

    return run


def test_a_photo_stays_a_jpeg_without_its_location_and_at_most_1200_pixels_wide():
    redrawn = redraw(BytesIO(photo_with_location()))
    image = Image.open(BytesIO(redrawn.content))
    assert (redrawn.content_type, image.format, image.size) == ("image/jpeg", "JPEG", (120, 300))
    assert not image.getexif()
    for hidden in (b"SecretPhone", SCRIPT):
        assert hidden not in redrawn.content
    assert redraw(BytesIO(picture(size=(3000, 1500), form="JPEG"))).width == 1200


def test_a_drawing_stays_a_png_and_transparency_is_kept():
    assert redraw(BytesIO(picture())).content_type == "image/png"
    see_through = picture(form="WEBP", mode="RGBA", color=(0, 0, 0, 0), lossless=True)
    assert redraw(BytesIO(see_through)).content_type == "image/png"


def test_a_photo_that_was_saved_as_a_png_is_too_heavy_for_an_email():
    noise = Image.effect_noise((1200, 1200), 80)
    file = BytesIO()
    noise.save(file, "PNG")
    with pytest.raises(PictureTooHeavyError):
        redraw(BytesIO(file.getvalue()))
    with pytest.raises(ValidationError, match="Save it as a JPEG"):
        IssuePictureField().clean(SimpleUploadedFile("photo.png", file.getvalue()))
    file = BytesIO()
    noise.save(file, "JPEG")
    assert redraw(BytesIO(file.getvalue())).content_type == "image/jpeg"


def test_a_picture_is_shown_with_its_description_in_each_language(add, now, settings):
    issue = IssueFactory()
    shown = add(issue, picture(size=(1000, 500)))
    issue.body_en = issue.body_fr = f"![](picture:{shown.pk})"
    english, french = (render_issue(issue, language, now=now) for language in ("en", "fr"))
    assert english.web == (
        f'<p><img src="/en/newsletter/pictures/{shown.checksum}" alt="A pine" width="550" height="275"></p>\n'
    )
    assert 'alt="Un pin"' in french.web
    assert f'src="{settings.SITE_URL}/en/newsletter/pictures/{shown.checksum}"' in english.html
    assert "[A pine]" in english.text


def test_a_description_in_the_text_counts_more(add, now):
    issue = IssueFactory()
    issue.body_en = f'![A "tall" <b> pine](picture:{add(issue).pk})'
    assert 'alt="A &quot;tall&quot; &lt;b&gt; pine"' in render_issue(issue, "en", now=now).web


def test_a_picture_of_another_issue_is_not_shown(add, now):
    other = add(IssueFactory())
    assert "<img" not in render_issue(IssueFactory(body_en=f"![](picture:{other.pk})"), "en", now=now).web


def test_only_staff_who_see_issues_see_the_picture_of_a_draft(client, add):
    url = add(IssueFactory()).get_absolute_url()
    assert client.get(url).status_code == 404
    client.force_login(UserFactory(is_staff=True))
    assert client.get(url).status_code == 404
    editor = UserFactory(is_staff=True)
    editor.user_permissions.add(Permission.objects.get(codename="view_issue"))
    client.force_login(editor)
    response = client.get(url)
    assert response.status_code == 200
    assert response["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("state", ["sending", "sent", "stopped"])
def test_the_picture_of_a_public_issue_is_for_everyone_and_nothing_in_it_can_run(client, add, state):
    shown = add(IssueFactory(state=state))
    response = client.get(shown.get_absolute_url())
    assert response.content == shown.content
    assert response["Content-Type"] == "image/png"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert not response.cookies
    assert client.post(shown.get_absolute_url()).status_code == 405


def test_the_copy_in_a_draft_does_not_hide_the_picture_of_a_public_issue(client, add):
    add(IssueFactory())
    assert client.get(add(IssueFactory(state="sent")).get_absolute_url()).status_code == 200


def test_an_unknown_picture_is_not_found(client):
    assert client.get("/en/newsletter/pictures/0123456789abcdef0123456789abcdef").status_code == 404
