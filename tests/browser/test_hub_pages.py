"""The pages of hubs in a real browser: axe, the map by keyboard, and the frame on a partner's site."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from django.urls import translate_url
from django.utils import timezone

from hubs.models import Hub
from hubs.services import logos
from tests.browser.conftest import SCREENS
from tests.browser.test_pages import sign_in
from tests.factories import MembershipFactory
from tests.hubs.logo_files import picture, upload

pytestmark = pytest.mark.browser
WORKSPACE = [
    "/en/workspace/north/hub-page/",
    "/en/workspace/north/hub-page/logo/",
    "/en/workspace/north/hub-page/logo/remove/",
    "/en/workspace/north/on-your-site/",
]


@pytest.fixture
def hub(programme):
    hub = Hub.objects.get(slug="north")
    hub.provinces, hub.audience, hub.website = ["ON", "MB"], ["physician"], "https://north.example.ca"
    hub.region_en, hub.region_fr = "Kenora to Moosonee", "De Kenora à Moosonee"
    hub.save()
    logos.save_logo(hub, logos.redraw(upload(picture())), alt_en="A pine", alt_fr="Un pin", now=timezone.now())
    return hub


@pytest.mark.drill
@pytest.mark.parametrize(("width", "language"), SCREENS)
def test_axe_finds_nothing_on_the_pages_of_hubs(open_page, axe, hub, live_server, width, language):
    page = open_page(width)
    sign_in(page, live_server, MembershipFactory(hub=hub, user__with_profile=True).user)
    for address in ["/en/hubs/?province=ON", "/en/hubs/north/", *WORKSPACE]:
        page.goto(translate_url(address, language))
        page.locator("summary").evaluate_all("nodes => nodes.forEach(node => { node.parentElement.open = true; })")
        axe(page)
    page.goto(f"/embed/hubs/north/?lang={language}")
    axe(page)


def test_the_map_filters_the_list_by_keyboard(open_page, hub):
    page = open_page(360, javascript=False)
    page.goto("/en/hubs/")
    page.get_by_role("link", name="ON, Ontario: 1 hub").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/hubs/?province=ON#results")
    assert page.get_by_role("heading", name="Hubs: Ontario").is_visible()
    assert page.locator(".hub-entries h3").all_inner_texts() == ["Northern hub"]


@pytest.fixture
def partner_site():
    """A site on another origin than the portal. Its one page holds what is put into `code`."""

    class Handler(BaseHTTPRequestHandler):
        code = ""

        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(f"<!DOCTYPE html>{Handler.code}".encode())

        def log_message(self, *_arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever).start()
        yield Handler, f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_a_frame_on_a_partners_site_fits_its_list_and_scrolls_without_javascript(
    open_page, hub, live_server, partner_site
):
    site, address = partner_site
    site.code = (
        f'<iframe src="{live_server.url}/embed/hubs/north/" title="Sessions" width="100%" height="200"></iframe>'
    )
    site.code += f'<script src="{live_server.url}/embed/embed.js" async></script>'
    for javascript in (True, False):
        page = open_page(900, javascript=javascript)
        page.goto(address)
        frame, box = page.frame_locator("iframe"), page.locator("iframe")
        frame.get_by_role("heading", name="Upcoming sessions: Northern hub").wait_for()
        if javascript:
            page.wait_for_function("document.querySelector('iframe').clientHeight !== 200")
            needed = frame.locator("[data-embed]").evaluate("node => node.getBoundingClientRect().height")
            assert box.evaluate("node => node.clientHeight") == pytest.approx(needed, abs=1)
        else:
            assert box.evaluate("node => node.clientHeight") == 200
        assert page.context.cookies() == []
