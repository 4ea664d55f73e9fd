"""The pages of a signed-in person in a real browser: axe, keyboard only, no JavaScript.

Also counts the forms that a person has to send, and adds and uses a passkey.
"""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.models import User
from outbox.models import Message
from registrations.models import Registration
from registrations.services import invite, record_intention, register, switch_to_recording
from registrations.services.colleagues import Colleague
from registrations.tokens import make_join_token, make_registration_token
from sessions_app.models import Question, Series, Session
from sessions_app.times import format_date
from tests.browser.test_pages import WIDTHS_AND_LANGUAGES
from tests.factories import MembershipFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.browser


def sign_in(page, user):
    client = Client()
    client.force_login(user)
    cookies = {settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value, "known": "1"}
    page.context.add_cookies([{"name": name, "value": value, "url": page.base} for name, value in cookies.items()])


@pytest.fixture
def signed_in(open_page, live_server):
    def make(user, *args, **options):
        page = open_page(*args, **options)
        page.base = live_server.url
        sign_in(page, user)
        return page

    return make


@pytest.fixture
def person(programme):
    """A provider with seats, a session they cannot attend, a waitlisted and a recording-only registration, an invitation,
    a past series, and invited colleagues."""
    now = timezone.now()
    person = UserFactory(with_profile=True, name="Zoé Roy")
    seat = register(programme["first-words"], person, now=now)
    record_intention(seat, programme["first-words"].sessions.first(), is_coming=False, now=now)
    long_series = SessionFactory(now=now, days=20, slug="long").series
    for days in range(27, 70, 7):
        SessionFactory(now=now, days=days, series=long_series)
    register(long_series, person, now=now)
    switch_to_recording(register(SessionFactory(now=now, days=6).series, person, now=now), now=now)
    register(programme["waitlist"], person, now=now)
    soon = SessionFactory(now=now, days=0.003, join_url="https://meet.example.ca/x").series
    register(soon, person, now=now)
    held = SessionFactory(now=now, days=5, slug="held").series
    ana = UserFactory(name="Ana")
    register(held, ana, now=now)
    invite(held, [Colleague("Zoé", person.email)], by=ana, language="en", now=now)
    invite(programme["first-words"], [Colleague("Bo Li", "bo@example.ca")], by=person, language="en", now=now)
    strict = SessionFactory(now=now, days=5, audience=["physician"], audience_required=True).series
    register(strict, ana, now=now, by_staff=True)
    colleagues = [Colleague("Zoé", person.email), Colleague("Cy", "cy@example.ca")]
    person.ineligible, person.invited = (
        invitation.registration for invitation in invite(strict, colleagues, by=ana, language="en", now=now)
    )
    past = SessionFactory(now=now, days=1).series
    register(past, person, now=now)
    Session.objects.filter(series=past).update(starts_at=now - timedelta(days=2), ends_at=now - timedelta(days=1))
    words = {"options_en": "Pain\nBreathing", "options_fr": "Douleur\nRespiration"}
    with_questions = programme["many-seats"]
    Question.objects.create(
        series=with_questions, position=1, kind="choice", label_en="Which?", label_fr="Lequel ?", **words
    )
    Question.objects.create(series=with_questions, position=2, kind="choices", label_en="Tried?", **words)
    person.next_series = soon
    return person


def own_pages(person):
    seat, long_registration = (
        Registration.objects.get(user=person, series__slug=slug) for slug in (person.next_series.slug, "long")
    )
    held = Registration.objects.get(user=person, series__slug="held")
    session = person.next_series.sessions.get()
    return {
        "registration/mine/": "inscription/mes-seances/",
        "registration/mine/calendar/": "inscription/mes-seances/calendrier/",
        "registration/first-words/cancel/": "inscription/first-words/annuler/",
        "registration/waitlist/cancel/": "inscription/waitlist/annuler/",
        "registration/many-seats/": "inscription/many-seats/",
        "registration/many-seats/colleagues/": "inscription/many-seats/collegues/",
        "registration/first-words/colleagues/": "inscription/first-words/collegues/",
        f"registration/place/{make_registration_token(person.ineligible.pk)}/": f"inscription/place/{make_registration_token(person.ineligible.pk)}/",
        f"registration/place/{make_registration_token(person.invited.pk)}/": f"inscription/place/{make_registration_token(person.invited.pk)}/",
        f"registration/place/{make_registration_token(seat.pk, session.pk)}/": f"inscription/place/{make_registration_token(seat.pk, session.pk)}/",
        f"registration/place/{make_registration_token(held.pk)}/": f"inscription/place/{make_registration_token(held.pk)}/",
        f"registration/place/{make_registration_token(long_registration.pk)}/": f"inscription/place/{make_registration_token(long_registration.pk)}/",
        f"registration/join/{make_join_token(seat.pk, session.pk)}/": f"inscription/participer/{make_join_token(seat.pk, session.pk)}/",
        "registration/place/nonsense/": "inscription/place/nonsense/",
        "account/profile/": "compte/profil/",
        "account/security/": "compte/securite/",
        "account/security/app/": "compte/securite/application/",
        "account/security/password/": "compte/securite/mot-de-passe/",
        "account/security/passkeys/": "compte/securite/cles-d-acces/",
        "account/security/passkeys/add/": "compte/securite/cles-d-acces/ajouter/",
        "account/places/": "compte/appareils/",
        "account/data/": "compte/donnees/",
        "account/close/": "compte/fermer/",
    }


@pytest.mark.drill
@pytest.mark.parametrize(("width", "language"), WIDTHS_AND_LANGUAGES)
def test_every_page_of_a_signed_in_person_passes_axe(signed_in, axe, person, width, language):
    page = signed_in(person, width, scheme="dark" if width == 1280 else "light")
    for english, french in own_pages(person).items():
        address = f"/fr/{french}" if language == "fr" else f"/en/{english}"
        response = page.goto(address)
        assert response.status == (404 if "nonsense" in address else 200), address
        axe(page)


@pytest.mark.drill
def test_the_sign_in_pages_pass_axe(open_page, axe, programme):
    page = open_page(360)
    for address in (
        "/en/account/sign-in/",
        "/fr/compte/connexion/mot-de-passe/",
        "/en/account/closed/",
        "/fr/inscription/many-seats/",
        "/en/sessions/waitlist/",
        "/en/sessions/month/",
        "/fr/seances/mois/",
    ):
        assert page.goto(address).status == 200
        axe(page)


def test_registering_takes_two_forms_the_first_time_and_one_click_later(open_page, programme):
    """Counts every POST request."""
    page, sent = open_page(360), []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.goto("/en/sessions/first-words/")
    page.get_by_role("main").get_by_role("link", name="Register", exact=True).click()
    page.locator("#id_name").fill("Zoé Roy")
    page.locator("#id_email").fill("zoe@example.ca")
    page.locator("#id_profession").select_option("physician")
    page.locator("#id_province").select_option("QC")
    page.get_by_role("button", name="Continue").click()
    page.locator("#id_code").fill(Message.objects.get(message_type="code").data["code"])
    page.get_by_role("button", name="Confirm my registration").click()
    page.get_by_text("You are registered, Zoé Roy.").wait_for()
    assert len(sent) == 2
    page.goto("/en/sessions/many-seats/")
    page.get_by_role("button", name="Register", exact=True).click()
    page.get_by_text("You are registered, Zoé Roy.").wait_for()
    assert len(sent) == 3
    Question.objects.create(series=programme["waitlist"], position=1, kind="text", label_en="Why?", is_required=True)
    Series.objects.filter(slug="waitlist").update(capacity=5)
    page.goto("/en/registration/waitlist/")
    page.get_by_label("Why?").fill("For my ward")
    page.get_by_role("button", name="Register", exact=True).click()
    page.get_by_text("You are registered, Zoé Roy.").wait_for()
    assert len(sent) == 4


def test_a_newcomer_can_register_by_keyboard_and_without_javascript(open_page, programme):
    page = open_page(360, javascript=False)
    page.goto("/en/registration/first-words/")

    def reach(selector):
        for _ in range(40):
            if page.locator(f"{selector}:focus").count():
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"The Tab key does not reach {selector}.")

    for selector, words in (
        ("#id_name", "Zoé Roy"),
        ("#id_email", "zoe@example.ca"),
        ("#id_profession", "Phar"),
        ("#id_province", "Que"),
    ):
        reach(selector)
        page.keyboard.type(words)
    reach("summary:has-text('Optional details')")
    page.keyboard.press("Enter")
    reach("#id_organization")
    page.keyboard.type("Home Care")
    reach("button:has-text('Continue')")
    page.keyboard.press("Enter")
    page.locator("#id_code").wait_for()
    reach("#id_code")
    page.keyboard.type(Message.objects.get(message_type="code").data["code"])
    page.keyboard.press("Enter")
    page.get_by_text("You are registered, Zoé Roy.").wait_for()
    profile = User.objects.get(email="zoe@example.ca").profile
    assert (profile.profession, profile.province, profile.organization) == ("pharmacist", "QC", "Home Care")


def test_the_join_button_opens_the_meeting_under_the_content_security_policy(signed_in, person):
    page = signed_in(person, 360)
    page.route("https://meet.example.ca/**", lambda route: route.fulfill(body="Welcome to the call"))
    page.goto("/en/registration/mine/")
    page.get_by_role("button", name="Join now").click()
    page.get_by_text("Welcome to the call").wait_for()
    assert page.url == "https://meet.example.ca/x"


def test_a_person_can_decline_and_accept_a_session_by_keyboard_and_without_javascript(signed_in, person):
    page = signed_in(person, 360, javascript=False)
    page.goto("/en/registration/mine/")
    series = Series.objects.get(slug="long")
    day = format_date(series.sessions.first().starts_at, series.zone, year=False)
    label = f"({day}, {series.title_en})".replace("\u00a0", " ")
    for words, count in (("I can’t come to this one", 1), ("I can come after all", 0)):
        page.get_by_role("button", name=f"{words} {label}").focus()
        page.keyboard.press("Enter")
        page.get_by_role("status").wait_for()
        assert page.get_by_text(f"You said you can’t come on {day}").count() == count


def test_the_feed_address_is_fully_visible_and_can_be_copied(signed_in, person):
    page = signed_in(person, 360)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/en/registration/mine/")
    field = page.get_by_label("Or copy this link into your calendar app:")
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert field.evaluate(
            "field => field.scrollHeight <= field.clientHeight && field.scrollWidth <= field.clientWidth"
        )
    page.get_by_role("button", name="Copy link").click()
    page.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == field.input_value()


def test_without_javascript_the_feed_address_is_visible_and_there_is_no_copy_button(signed_in, person):
    page = signed_in(person, 360, javascript=False)
    page.goto("/en/registration/mine/")
    box = page.get_by_label("Or copy this link into your calendar app:").bounding_box()
    assert box["height"] >= 60
    assert page.get_by_role("button", name="Copy link").count() == 0
    assert page.get_by_role("link", name="Subscribe in your calendar").get_attribute("href").startswith("webcal://")


def test_rows_for_colleagues_are_added_one_at_a_time(signed_in, person):
    page = signed_in(person, 360)
    page.goto("/en/registration/first-words/colleagues/")
    assert page.locator("[data-row]:visible").count() == 2
    page.get_by_role("button", name="Add another colleague").click()
    assert page.locator("[data-row]:visible").count() == 3
    assert page.evaluate("document.activeElement.name") == "colleague-2-name"


def renew_token(page):
    """As signing in in another tab does."""
    page.context.add_cookies([{"name": "csrftoken", "value": "b" * 32, "url": page.base}])


def test_a_form_is_sent_after_a_question_if_someone_signed_in_in_another_tab(signed_in, person):
    page = signed_in(person, 1280)
    page.goto("/en/account/profile/")
    renew_token(page)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_text("Your profile is saved").wait_for()


def test_what_was_typed_in_the_workspace_is_sent_again_after_signing_in_in_another_tab(signed_in, person):
    page, hub = signed_in(person, 1280), MembershipFactory(user=person).hub
    page.goto(f"/en/workspace/{hub.slug}/hub-page/")
    page.get_by_label("Region (English)").fill("The Laurentians")
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.get_by_role("button", name="Save").first.click()
    page.get_by_text("You’ve been signed out").first.wait_for()
    sign_in(page, person)
    renew_token(page)
    page.get_by_role("button", name="Send again").click()
    page.get_by_label("Region (English)").wait_for()
    assert page.get_by_label("Region (English)").input_value() == "The Laurentians"


def test_the_page_says_when_a_passkey_was_not_used(signed_in, person):
    page = signed_in(person, 1280)
    page.add_init_script("navigator.credentials.create = () => Promise.reject(new DOMException('', 'NotAllowedError'))")
    page.goto("/en/account/security/passkeys/add/")
    page.get_by_role("button", name="Add the passkey").click()
    page.get_by_text("Your device didn’t use a passkey.").wait_for()


def test_a_person_can_add_a_passkey_and_sign_in_with_it(signed_in, person):
    page = signed_in(person, 1280)
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.goto("/en/account/security/passkeys/add/")
    page.locator("#id_name").fill("My phone")
    page.get_by_role("button", name="Add the passkey").click()
    page.get_by_text("Your recovery codes").first.wait_for()
    page.context.clear_cookies()
    page.goto("/en/account/sign-in/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/en/registration/mine/")
    assert "Zoé Roy" in page.get_by_role("main").inner_text()
