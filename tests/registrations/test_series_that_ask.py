"""A series' own questions and a required audience."""

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
    ask = Question.objects.create
    ask(
        series=open_series,
        position=1,
        kind="choice",
        label_en="Which case?",
        label_fr="Quel cas ?",
        is_required=True,
        **words,
    )
    ask(series=open_series, position=2, kind="choices", label_en="Tried?", options_en="A pump\nA plan")
    ask(series=open_series, position=3, kind="yes-no", label_en="Bring a case?")
    ask(series=open_series, position=4, kind="text", label_en="One question")
    return open_series


@pytest.fixture
def names(series):
    return [f"question_{question.pk}" for question in series.questions.all()]


def given(registration):
    return [answer.value for answer in registration.answers.all()]


def test_who_is_known_answers_on_the_way(client, series, names, provider):
    client.force_login(provider)
    address = f"/en/registration/{series.slug}/"
    page = client.post(address).content.decode()  # the button on the series' page sends no answers
    assert "Which case?" in page
    assert "Answer this question" not in page
    response = client.post(address, {"asked": "1", names[3]: "Why?"})
    assert response.status_code == 400
    assert response.content.decode().count("Answer this question. The team needs your answer.") == 2
    assert 'value="Why?"' in response.content.decode()
    answers = {"asked": "1", names[0]: "Breathing", names[1]: ["A pump", "A plan"], names[2]: "yes"}
    assert client.post(address, answers).status_code == 302
    assert given(Registration.objects.get()) == [["Breathing"], ["A pump", "A plan"], ["yes"]]


def test_a_newcomers_answers_wait_for_the_code(client, series, names):
    address = f"/fr/inscription/{series.slug}/"
    assert "Quel cas" in client.get(address).content.decode()
    response = client.post(address, {**FORM, names[0]: "Pain", names[3]: "Pourquoi ?"})
    code = Message.objects.get(message_type="code").data["code"]
    client.post(response.url, {"code": code})
    # the French reader chose “Douleur”, which is kept as what it means in both languages
    assert given(Registration.objects.get()) == [["Pain"], ["Pourquoi ?"]]


def test_answers_come_back_when_the_code_went_stale(client, series, names, clock):
    address = f"/en/registration/{series.slug}/"
    response = client.post(address, {**FORM, names[0]: "Pain", names[1]: ["A pump"], "organization": "Home Care North"})
    back = re.search(r'name="back" value="(\w+)"', client.get(response.url).content.decode())[1]
    clock.shift(timedelta(minutes=16))
    client.post(response.url, {"code": "123456", "back": back})
    page = client.get(address).content.decode()
    assert 'value="Pain" id="id_' in page.replace("checked ", "").replace(" required", "") or 'value="Pain"' in page
    assert page.count("checked") == 2
    assert 'value="Home Care North"' in page


def test_an_answer_that_is_none_of_the_choices_is_refused(client, series, names, provider):
    client.force_login(provider)
    response = client.post(f"/en/registration/{series.slug}/", {"asked": "1", names[0]: "Gout"})
    assert response.status_code == 400
    assert not Registration.objects.exists()


def test_a_series_asks_five_questions_at_most_and_none_without_words(series):
    Question.objects.create(series=series, position=5, label_fr="Une cinquième")
    for wrong in ({"position": 6, "label_en": "A sixth"}, {"position": 5, "label_en": "Again"}):
        with pytest.raises(ValidationError):
            Question(series=series, **wrong).full_clean()
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

    def test_it_is_said_before_anything_is_filled_in(self, client, only_psw):
        page = client.get(f"/en/registration/{only_psw.slug}/").content.decode()
        assert page.index("This series is for certain professions only") < page.index("Your name")
        assert "Only for these professions:" in client.get(only_psw.get_absolute_url()).content.decode()

    def test_a_newcomer_of_another_profession_is_told_and_none_is_registered(self, client, only_psw):
        response = client.post(f"/en/registration/{only_psw.slug}/", FORM)
        assert response.status_code == 400
        assert "This series is only for: Personal support worker" in response.content.decode()
        assert not Message.objects.exists()

    def test_who_is_known_sees_what_is_open_to_them_instead(self, client, only_psw, provider):
        client.force_login(provider)
        for ask in (client.get, client.post):
            page = ask(f"/en/registration/{only_psw.slug}/", follow=True).content.decode()
            assert "This series is for other professions" in page
        panel = client.get(f"/en/registration/{only_psw.slug}/panel/").content.decode()
        assert "yours is not among them" in panel
        assert "<button" not in panel
        assert not Registration.objects.exists()

    def test_the_rule_stands_in_the_service_and_staff_may_make_an_exception(self, only_psw, provider, now):
        with pytest.raises(NotForThisAudienceError):
            register(only_psw, provider, now=now)
        assert not Registration.objects.exists()
        only_psw.refresh_from_db()
        assert only_psw.seats_taken == 0
        staff = UserFactory(is_staff=True)
        place = register_for(only_psw, provider.email, name="", language="en", by=staff, now=now)
        assert place.state == "confirmed"

    def test_an_advisory_audience_keeps_nobody_out(self, client, now, provider):
        series = SessionFactory(now=now, audience=["personal-support-worker"]).series
        assert "everyone is welcome" in client.get(series.get_absolute_url()).content.decode()
        assert register(series, provider, now=now).state == "confirmed"


def test_answers_are_kept_with_the_registration(series, provider, now):
    question = series.questions.first()
    place = register(series, provider, now=now, answers={question.pk: ["Pain"]})
    register(series, provider, now=now, answers={question.pk: ["Breathing"]})  # a second click changes nothing
    assert [str(answer) for answer in Answer.objects.filter(registration=place)] == ["Pain"]
