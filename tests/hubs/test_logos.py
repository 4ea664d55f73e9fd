"""Logos: bad files are refused, good ones are drawn again without what was hidden in them, and nothing in them can run."""

from io import BytesIO

import pytest
import time_machine
from django.core.exceptions import ValidationError
from PIL import Image

from hubs.fields import LogoField
from hubs.models import Logo
from hubs.services import logos, pictures
from tests.factories import HubFactory
from tests.hubs import logo_files
from tests.hubs.logo_files import SCRIPT, SVG, header_of_a_huge_png, photo_with_location, picture


def redrawn(content):
    logo = logos.redraw(BytesIO(content))
    image = Image.open(BytesIO(logo.content))
    assert (image.format, image.size) == ("PNG", (logo.width, logo.height))
    return image


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (SCRIPT, pictures.PictureUnreadableError),  # as logo.png
        (b"", pictures.PictureUnreadableError),
        (SVG, pictures.PictureUnreadableError),
        (b"\x89PNG\r\n\x1a\n" + SCRIPT, pictures.PictureUnreadableError),
        (picture()[:-60], pictures.PictureUnreadableError),  # cut off
        (picture(form="JPEG")[:-600], pictures.PictureUnreadableError),
        (picture(form="GIF"), pictures.PictureUnreadableError),
        (picture(form="TIFF"), pictures.PictureUnreadableError),
        (header_of_a_huge_png(), pictures.PictureTooManyPixelsError),
        (header_of_a_huge_png(20_000, 20_000), pictures.PictureTooManyPixelsError),  # Pillow's own limit
        (picture() + b"\0" * pictures.MAX_BYTES, pictures.PictureTooLargeError),
    ],
)
def test_bad_files_are_refused(content, error):
    with pytest.raises(error):
        logos.redraw(BytesIO(content))


def test_a_real_picture_of_more_than_six_megapixels_is_refused():
    with pytest.raises(pictures.PictureTooManyPixelsError):
        logos.redraw(BytesIO(picture(size=(3_000, 2_001), mode="1", color=0)))


def test_a_photo_loses_its_location_and_stands_upright():
    original = Image.open(BytesIO(photo_with_location()))
    assert original.getexif().get_ifd(0x8825)
    image = redrawn(photo_with_location())
    assert image.size == (120, 300)
    assert not image.getexif()
    for hidden in (b"SecretPhone", SCRIPT, b"eXIf", b"tEXt", b"iCCP"):
        assert hidden not in logos.redraw(BytesIO(photo_with_location())).content


def test_what_follows_the_picture_in_the_file_is_gone():
    assert SCRIPT not in logos.redraw(BytesIO(picture() + SCRIPT)).content


def test_a_large_logo_is_made_smaller_and_keeps_its_shape():
    assert redrawn(picture(size=(3000, 1000), form="JPEG")).size == (640, 213)
    assert redrawn(picture(size=(3000, 2000), mode="1", color=0)).size == (480, 320)
    assert redrawn(picture(size=(400, 1600))).size == (80, 320)
    assert redrawn(picture(size=(60, 60))).size == (60, 60)


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_a_transparent_logo_stays_transparent(form):
    image = redrawn(picture(form=form, mode="RGBA", color=(0, 0, 0, 0), lossless=True))
    assert image.convert("RGBA").getpixel((5, 100))[3] == 0
    assert image.convert("RGBA").getpixel((50, 15)) == (255, 255, 255, 255)


@pytest.mark.parametrize("options", [{"mode": "P"}, {"mode": "L", "color": 90}, {"mode": "1", "color": 0}])
def test_other_kinds_of_png_can_be_read(options):
    assert redrawn(picture(**{"color": 3} | options)).size == (300, 120)


def test_a_jpeg_for_print_can_be_read():
    assert redrawn(picture(form="JPEG", mode="CMYK", color=(0, 90, 90, 10))).mode == "RGBA"


def test_of_an_animation_the_first_frame_is_kept():
    frames = [Image.new("RGB", (50, 50), color) for color in ("red", "blue")]
    file = BytesIO()
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    image = redrawn(file.getvalue())
    assert getattr(image, "n_frames", 1) == 1
    assert image.convert("RGB").getpixel((25, 25)) == (255, 0, 0)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (SCRIPT, "can’t read this picture"),
        (b"", "can’t read this picture"),
        (header_of_a_huge_png(), "at most 3000 × 2000 pixels"),
        (b"\0" * (pictures.MAX_BYTES + 1), "at most 5 MB"),
    ],
)
def test_the_form_says_what_is_wrong(content, words):
    with pytest.raises(ValidationError, match=words):
        LogoField().clean(logo_files.upload(content))


@pytest.fixture
def hub(db):
    return HubFactory(slug="north")


@pytest.fixture
def save(hub, now):
    def run(content, alt_en="A pine", alt_fr="Un pin"):
        return logos.save_logo(hub, logos.redraw(BytesIO(content)), alt_en=alt_en, alt_fr=alt_fr, now=now)

    return run


def test_nothing_in_a_served_logo_can_run_and_it_may_be_kept_for_a_year(client, save):
    logo = save(picture())
    response = client.get(logo.get_absolute_url())
    assert response.content == bytes(Logo.objects.get().content)
    assert response["Content-Type"] == "image/png"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert not response.cookies
    assert "Cookie" not in response.get("Vary", "")


def test_a_new_logo_has_a_new_address_and_the_old_one_is_gone(client, save):
    old = save(picture()).get_absolute_url()
    new = save(picture(color="#9a4a1c")).get_absolute_url()
    assert Logo.objects.count() == 1
    assert (client.get(old).status_code, client.get(new).status_code) == (404, 200)
    assert client.get(new.replace("north", "south")).status_code == 404
    assert client.post(new).status_code == 405


def test_a_logo_of_a_hub_that_is_not_listed_can_be_seen(client, hub, save):
    hub.is_listed = False
    hub.save()
    assert client.get(save(picture()).get_absolute_url()).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_the_public_page_shows_a_change_of_the_logo_at_once(client, hub, save, now):
    def page():
        return client.get("/en/hubs/north/").content.decode()

    with time_machine.travel(now, tick=False):
        assert 'class="logo"' not in page()
        logo = save(picture())
        assert f'src="{logo.get_absolute_url()}"' in page()
        assert 'alt="A pine"' in page()
        logos.describe_logo(hub, alt_en="A tall pine", alt_fr="Un grand pin")
        assert 'alt="A tall pine"' in page()
        logos.remove_logo(hub)
        assert 'class="logo"' not in page()
