"""The questions and the required audience of a series."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from outbox.models import Message
from registrations.models import Answer, Registration
from registrations.services import NotForThisAudienceError, register, register_for
from sessions_app.models import Question
from tests.factories import SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
FORM = {"name": "Amélie Tremblay", "email": "amelie@example.ca", "profession": "registered-nurse", "province": "NL"}


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def series(open_series):
    words = {"options_en": "Pain\nBreathing", "options_fr": "Douleur\nRespiration"}
    add = Question.objects.create
    add(
        series=open_series,
        position=1,
        kind="choice",
        label_en="Which case?",
        label_fr="Quel cas ?",
        is_required=True,
        **words,
    )
    add(series=open_series, position=2, kind="choices", label_en="Tried?", options_en="A pump\nA plan")
    add(series=open_series, position=3, kind="yes-no", label_en="Bring a case?")
    add(series=open_series, position=4, kind="text", label_en="One question")
    return open_series


@pytest.fixture
def names(series):
    return [f"question_{question.pk}" for question in series.questions.all()]


def answers_of(registration):
    return [answer.value for answer in registration.answers.all()]


def test_a_signed_in_person_answers_before_registering(client, series, names, provider):
    client.force_login(provider)
    address = f"/en/registration/{series.slug}/"
    page = client.post(address).content.decode()  # the button on the series page sends no answers
    assert "Which case?" in page
    assert "Answer this question" not in page
    response = client.post(address, {"asked": "1", names[3]: "Why?"})
    assert response.status_code == 400
    assert response.content.decode().count("Answer this question. The team needs your answer.") == 2
    assert 'value="Why?"' in response.content.decode()
    answers = {"asked": "1", names[0]: "Breathing", names[1]: ["A pump", "A plan"], names[2]: "yes"}
    assert client.post(address, answers).status_code == 302
    assert answers_of(Registration.objects.get()) == [["Breathing"], ["A pump", "A plan"], ["yes"]]


def test_a_newcomers_answers_are_saved_after_the_code(client, series, names):
    address = f"/fr/inscription/{series.slug}/"
    assert "Quel cas" in client.get(address).content.decode()
    response = client.post(address, {**FORM, names[0]: "Pain", names[3]: "Pourquoi ?"})
    code = Message.objects.get(message_type="code").data["code"]
    client.post(response.url, {"code": code})
    # The French option “Douleur” is stored under its English value.
    assert answers_of(Registration.objects.get()) == [["Pain"], ["Pourquoi ?"]]


def test_answers_are_kept_when_the_code_expires(client, series, names, clock):
    address = f"/en/registration/{series.slug}/"
    response = client.post(address, {**FORM, names[0]: "Pain", names[1]: ["A pump"], "organization": "Home Care North"})
    back = re.search(r'name="back" value="(\w+)"', client.get(response.url).content.decode())[1]
    clock.shift(timedelta(minutes=16))
    client.post(response.url, {"code": "123456", "back": back})
    page = client.get(address).content.decode()
    assert 'value="Pain" id="id_' in page.replace("checked ", "").replace(" required", "") or 'value="Pain"' in page
    assert page.count("checked") == 2
    assert 'value="Home Care North"' in page


def test_an_answer_that_is_not_an_option_is_refused(client, series, names, provider):
    client.force_login(provider)
    response = client.post(f"/en/registration/{series.slug}/", {"asked": "1", names[0]: "Gout"})
    assert response.status_code == 400
    assert not Registration.objects.exists()


def test_a_series_has_at_most_five_valid_questions(series):
    Question.objects.create(series=series, position=5, label_fr="Une cinquième")
    for invalid in ({"position": 6, "label_en": "A sixth"}, {"position": 5, "label_en": "Again"}):
        with pytest.raises(ValidationError):
            Question(series=series, **invalid).full_clean()
    with pytest.raises(ValidationError, match="at least two choices"):
        Question(series=series, position=5, kind="choice", label_en="Which?", options_en="One").full_clean()
    with pytest.raises(ValidationError, match="same number of choices"):
        Question(
            series=series, position=5, kind="choice", label_en="W", options_en="a\nb", options_fr="a\nb\nc"
        ).clean()
    with pytest.raises(IntegrityError):
        Question.objects.create(series=series, position=6, label_en="A sixth")


class TestAudience:
    @pytest.fixture
    def only_psw(self, now):
        fields = {"audience": ["personal-support-worker"], "audience_required": True}
        return SessionFactory(now=now, **fields).series

    def test_the_page_names_the_audience_before_the_form(self, client, only_psw):
        page = client.get(f"/en/registration/{only_psw.slug}/").content.decode()
        assert page.index("This series is for certain professions only") < page.index("Your name")
        assert "Only for these professions:" in client.get(only_psw.get_absolute_url()).content.decode()

    def test_a_newcomer_with_another_profession_is_refused(self, client, only_psw):
        response = client.post(f"/en/registration/{only_psw.slug}/", FORM)
        assert response.status_code == 400
        assert "This series is only for: Personal support worker" in response.content.decode()
        assert not Message.objects.exists()

    def test_a_signed_in_person_with_another_profession_is_refused(self, client, only_psw, provider):
        client.force_login(provider)
        for send in (client.get, client.post):
            page = send(f"/en/registration/{only_psw.slug}/", follow=True).content.decode()
            assert "This series is for other professions" in page
        panel = client.get(f"/en/registration/{only_psw.slug}/panel/").content.decode()
        assert "yours is not among them" in panel
        assert "<button" not in panel
        assert not Registration.objects.exists()

    def test_the_service_enforces_the_audience_and_staff_can_make_an_exception(self, only_psw, provider, now):
        with pytest.raises(NotForThisAudienceError):
            register(only_psw, provider, now=now)
        assert not Registration.objects.exists()
        only_psw.refresh_from_db()
        assert only_psw.seats_taken == 0
        staff = UserFactory(is_staff=True)
        registration = register_for(only_psw, provider.email, name="", language="en", by=staff, now=now)
        assert registration.state == "confirmed"

    def test_an_audience_that_is_not_required_excludes_nobody(self, client, now, provider):
        series = SessionFactory(now=now, audience=["personal-support-worker"]).series
        assert "everyone is welcome" in client.get(series.get_absolute_url()).content.decode()
        assert register(series, provider, now=now).state == "confirmed"


def test_answers_are_saved_with_the_registration(series, provider, now):
    question = series.questions.first()
    registration = register(series, provider, now=now, answers={question.pk: ["Pain"]})
    register(series, provider, now=now, answers={question.pk: ["Breathing"]})  # a second click changes nothing
    assert [str(answer) for answer in Answer.objects.filter(registration=registration)] == ["Pain"]
