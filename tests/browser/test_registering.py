"""Find a session, register, enter the code and cancel, in a real browser.

At 360 and 1280 pixels, in English and in French, with and without JavaScript: half of the combinations in the suite, all in
`make drill`. axe checks every page on the way.
"""

import itertools
import re

import pytest

from outbox.models import Message
from registrations.models import Registration
from tests.browser.conftest import IN_FULL

WORDS = {
    "en": {
        "home": "/en/",
        "find": "Find a session",
        "register": "Register",
        "continue": "Continue",
        "confirm": "Confirm my registration",
        "done": "You are registered, Zoé Roy.",
        "title": "title_en",
        "cancel": "Cancel my registration",
        "cancelled": "Your registration is cancelled.",
        "error": "One thing to correct",
        "nurse": "Registered nurse",
    },
    "fr": {
        "home": "/fr/",
        "find": "Trouver une séance",
        "register": "S’inscrire",
        "continue": "Continuer",
        "confirm": "Confirmer mon inscription",
        "done": "Votre inscription est confirmée, Zoé Roy.",
        "title": "title_fr",
        "cancel": "Annuler mon inscription",
        "cancelled": "Votre inscription est annulée.",
        "error": "Une chose à corriger",
        "nurse": "Infirmière autorisée ou infirmier autorisé",
    },
}

# width, language, JavaScript
WALKS = [(360, "fr", True), (1280, "en", False)]
if IN_FULL:
    WALKS = list(itertools.product([360, 1280], ["en", "fr"], [True, False]))


@pytest.mark.all_screens
@pytest.mark.browser
@pytest.mark.parametrize(("width", "language", "javascript"), WALKS)
def test_a_newcomer_registers_and_cancels(open_page, axe, programme, width, language, javascript):
    words, series = WORDS[language], programme["first-words"]
    page = open_page(width, javascript=javascript)
    check = axe if javascript else lambda _page: None  # axe needs JavaScript

    page.goto(words["home"])
    check(page)
    page.get_by_role("link", name=words["find"]).first.click()
    check(page)
    page.get_by_role("link", name=getattr(series, words["title"]), exact=True).click()
    check(page)
    page.get_by_role("main").get_by_role("link", name=words["register"], exact=True).click()
    check(page)

    page.locator("#id_name").fill("Zoé Roy")
    page.locator("#id_email").fill("zoe.example.ca")
    page.locator("#id_profession").select_option(label=words["nurse"])
    page.locator("#id_province").select_option("QC")
    page.get_by_role("button", name=words["continue"]).click()
    assert words["error"] in page.get_by_role("alert").inner_text()
    check(page)
    page.get_by_role("alert").get_by_role("link").click()
    page.locator("#id_email").fill("zoe@example.ca")
    page.get_by_role("button", name=words["continue"]).click()

    check(page)
    page.locator("#id_code").fill(Message.objects.get(message_type="code").data["code"])
    page.get_by_role("button", name=words["confirm"]).click()
    assert words["done"] in page.get_by_role("status").inner_text()
    assert getattr(series, words["title"]) in page.get_by_role("main").inner_text()
    check(page)

    page.get_by_role("link", name=re.compile(words["cancel"])).click()
    check(page)
    page.get_by_role("button", name=words["cancel"]).click()
    assert words["cancelled"] in page.get_by_role("status").inner_text()
    assert Registration.objects.get().state == "cancelled"
