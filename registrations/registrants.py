"""What a hub's team reads about the people who registered for one of its series.

The team sees the details of people who registered themselves for a series of its hub (`is_known`). Of others, whom the team
or a colleague registered, it sees the email address that was typed, and nothing that the person told us elsewhere.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Prefetch,
    Q,
    Subquery,
    TextChoices,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Concat
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import ProviderProfile, User
from registrations.models import (
    Answer,
    Attendance,
    Intention,
    Registration,
    RegistrationQuerySet,
    RegistrationState,
    StaffAction,
)
from registrations.queries import position_on_waitlist
from sessions_app.models import Question, QuestionKind, Series, Session
from sessions_app.search import Fold

HELD = "held"  # the filter for seats that invited colleagues have not confirmed yet; their state is "confirmed"


class Presence(TextChoices):
    """What we know about someone and one session."""

    COMING = "coming", gettext_lazy("Will come")
    DECLINED = "declined", gettext_lazy("Said they can’t come")
    ATTENDED = "attended", gettext_lazy("Attended")
    MISSED = "missed", gettext_lazy("Did not attend")


class Order(TextChoices):
    NAME = "name", gettext_lazy("Name")
    NEWEST = "newest", gettext_lazy("Newest first")
    WAITLIST = "waitlist", gettext_lazy("Waitlist")


def _made_by_the_person() -> Q:
    """Whether a person made a registration themselves, or confirmed a seat from a colleague."""
    added = StaffAction.objects.filter(registration=OuterRef("pk"), action=StaffAction.Action.REGISTERED)
    return Q(~Exists(added), held_until=None)


def registered_themselves() -> RegistrationQuerySet:
    """Return the registrations that people made themselves, and the seats from colleagues that they confirmed."""
    return Registration.objects.filter(_made_by_the_person()).order_by()


def is_known() -> ExpressionWrapper:
    """Whether the team of a registration's hub may see the person's details."""
    others = registered_themselves().filter(user=OuterRef("user"), series__hub=OuterRef("series__hub"))
    # the first part answers for nearly everyone, so that Postgres seldom looks for other registrations
    return ExpressionWrapper(_made_by_the_person() | Q(Exists(others)), output_field=BooleanField())


def shown_name(registration: Any) -> str:
    """Return what the team calls a person. The registration has `is_known`."""
    if registration.user.closed_at:
        return _("Closed account")
    return str(registration.user) if registration.is_known else registration.user.email


def with_sort_name(registrations: RegistrationQuerySet) -> RegistrationQuerySet:
    """Add `sort_name`, which orders people by what the team calls them."""
    shown = Case(When(is_known(), then="user__name"), default="user__email", output_field=TextField())
    return registrations.alias(sort_name=Fold(shown))


ORDERS: dict[str, list[Any]] = {
    Order.NAME: ["sort_name", "pk"],
    Order.NEWEST: ["-created_at", "-pk"],
    Order.WAITLIST: [F("waitlisted_at").asc(nulls_last=True), "pk"],
}


@dataclass(frozen=True)
class Wanted:
    """Which people a list shows, and in what order. `state` is a RegistrationState or HELD; empty for all that are active."""

    words: str = ""
    state: str = ""
    profession: str = ""
    province: str = ""
    presence: tuple[Presence, Session] | None = None
    order: str = Order.NAME


def find(registrations: RegistrationQuerySet, wanted: Wanted) -> RegistrationQuerySet:
    """Return the registrations that are `wanted`. Each word must be in the name, the email address or the organization.

    Of people who are not known, only the email address is searched, and no filter by their details finds them.
    """
    if wanted.presence:
        registrations = with_presence(registrations, *wanted.presence)
    if wanted.state == HELD:
        registrations = registrations.confirmed().exclude(held_until=None)
    elif wanted.state == RegistrationState.CONFIRMED:
        registrations = registrations.coming()
    elif wanted.state:
        registrations = registrations.filter(state=wanted.state)
    elif not wanted.presence:
        registrations = registrations.active()
    for name in ("profession", "province"):
        if value := getattr(wanted, name):
            registrations = registrations.filter(is_known(), **{f"user__profile__{name}": value})
    if wanted.words:
        registrations = _search(registrations, wanted.words)
    return with_sort_name(registrations).order_by(*ORDERS[wanted.order])


def _search(registrations: Any, words: str) -> RegistrationQuerySet:
    organization = Coalesce("user__profile__organization", Value(""))
    everything = Concat("user__name", Value("\n"), "user__email", Value("\n"), organization, output_field=TextField())
    text = Case(When(is_known(), then=everything), default="user__email", output_field=TextField())
    registrations = registrations.alias(text=Fold(text))
    for word in words.split():
        registrations = registrations.filter(text__contains=Fold(Value(word)))
    return registrations


def with_presence(registrations: RegistrationQuerySet, presence: Presence, session: Session) -> RegistrationQuerySet:
    """Return the registrations with that presence at a session.

    People who attended count, even if they have cancelled since. People who got a seat after the session didn't miss it.
    """
    attended = Exists(Attendance.objects.filter(registration=OuterRef("pk"), session=session))
    if presence == Presence.ATTENDED:
        return registrations.filter(attended)
    seats = registrations.coming().filter(~attended, confirmed_at__lte=session.ends_at)
    said = Intention.objects.filter(registration=OuterRef("pk"), session=session)
    if presence == Presence.MISSED:
        return seats.filter(~Exists(said.filter(is_coming=False)))
    return seats.filter(Exists(said.filter(is_coming=presence == Presence.COMING)))


def for_list(registrations: RegistrationQuerySet) -> RegistrationQuerySet:
    """Add everything that a `Registrant` shows, except the answers, in the same query, and `sort_name`."""
    said = Intention.objects.filter(registration=OuterRef("pk"))
    came = Attendance.objects.filter(registration=OuterRef("pk"))
    return (
        with_sort_name(registrations)
        .select_related("user__profile")
        .annotate(
            is_known=is_known(),
            declined_sessions=ArraySubquery(said.filter(is_coming=False).values("session")),
            coming_sessions=ArraySubquery(said.filter(is_coming=True).values("session")),
            attended_sessions=ArraySubquery(came.values("session")),
        )
    )


def with_questions() -> Prefetch:
    """Return what prefetches the answers together with their questions."""
    return Prefetch("answers", Answer.objects.select_related("question"))


def with_position(registrations: RegistrationQuerySet) -> RegistrationQuerySet:
    """Annotate the waitlist `position`. It counts the people before each one, so use it for a page of rows."""
    return registrations.annotate(position=Case(When(state=RegistrationState.WAITLISTED, then=position_on_waitlist())))


@dataclass(frozen=True)
class Registrant:
    """One person of a series at `now`, as the series' team sees them. The registration comes from `for_list`."""

    registration: Any  # a Registration with the annotations of `for_list`
    sessions: Sequence[Session]
    now: datetime

    @property
    def person(self) -> User:
        return self.registration.user

    @property
    def is_closed(self) -> bool:
        """Whether the account was closed. Nothing that identifies the person is left."""
        return self.person.closed_at is not None

    @property
    def is_known(self) -> bool:
        """Whether the team may see the person's details."""
        return self.registration.is_known

    @property
    def name(self) -> str:
        return shown_name(self.registration)

    @property
    def email(self) -> str:
        return "" if self.is_closed else self.person.email

    @cached_property
    def profile(self) -> ProviderProfile | None:
        return getattr(self.person, "profile", None) if self.is_known else None

    @property
    def accessibility_needs(self) -> str:
        """Their needs, for people who will be at the sessions. The team needs no others."""
        has_seat = self.registration.state == RegistrationState.CONFIRMED and not self.registration.is_held
        return self.profile.accessibility_needs if has_seat and self.profile else ""

    @property
    def can_be_written_to(self) -> bool:
        """Whether the team may select the person for a message. An invited colleague has not registered yet."""
        active = self.registration.state != RegistrationState.CANCELLED
        return active and not self.registration.is_held and not self.is_closed

    @property
    def state(self) -> str:
        return _("Invited, not confirmed yet") if self.registration.is_held else self.registration.get_state_display()

    def presence_at(self, session: Session) -> Presence | None:
        """Return what we know about the person and a session, or None if there is nothing to say."""
        registration = self.registration
        if session.pk in registration.attended_sessions:
            return Presence.ATTENDED
        if registration.state != RegistrationState.CONFIRMED or registration.is_held or session.is_off:
            return None
        if session.pk in registration.declined_sessions:
            return Presence.DECLINED
        if session.ends_at <= self.now:
            return Presence.MISSED if registration.confirmed_at <= session.ends_at else None
        return Presence.COMING if session.pk in registration.coming_sessions else None

    @property
    def answers(self) -> list[tuple[Question, str]]:
        """Each question that they answered, with the answer in the active language."""
        answers = [(answer.question, answer.value) for answer in self.registration.answers.all()]
        return [(question, answer_text(value, option_labels(question))) for question, value in answers]

    @property
    def presences(self) -> list[tuple[int, Session, Presence | None]]:
        """Each session with its number in the series and the person's presence."""
        return [(n, session, self.presence_at(session)) for n, session in enumerate(self.sessions, start=1)]

    @property
    def declined(self) -> list[tuple[int, Session]]:
        """The sessions to come that they said they can't come to, each with its number in the series."""
        told = [(n, one) for n, one, presence in self.presences if presence == Presence.DECLINED]
        return [(n, session) for n, session in told if session.ends_at > self.now]

    @property
    def attended(self) -> list[int]:
        """The numbers of the sessions that they attended."""
        return [n for n, _session, presence in self.presences if presence == Presence.ATTENDED]


def option_labels(question: Question) -> dict[str, str]:
    """Return the label of each answer that can be chosen, in the active language, by the value that is stored."""
    if question.kind == QuestionKind.YES_NO:
        return {"yes": _("Yes"), "no": _("No")}
    return {value: str(label) for value, label in question.options()}


def answer_text(values: Iterable[str], labels: Mapping[str, str]) -> str:
    """Return a person's answer with the `labels` of its question. What they typed themselves stays as it is."""
    return ", ".join(labels.get(value, value) for value in values)


def registrants(registrations: Iterable[Registration], sessions: Sequence[Session], now: datetime) -> list[Registrant]:
    return [Registrant(one, sessions, now) for one in registrations]


def count_states(registrations: RegistrationQuerySet) -> dict[str, int]:
    """Return how many registrations there are in each state. HELD counts on its own and not among the confirmed."""
    held = Q(held_until__isnull=False)
    states = {
        RegistrationState.CONFIRMED.value: Q(state=RegistrationState.CONFIRMED) & ~held,
        HELD: Q(state=RegistrationState.CONFIRMED) & held,
        **{state.value: Q(state=state) for state in list(RegistrationState)[1:]},
    }
    return registrations.aggregate(**{name: Count("pk", filter=state) for name, state in states.items()})


def with_attendance(series: Series) -> Any:
    """Return the sessions of a series with the number of people who `attended`, `declined` and `missed` each of them."""
    own = Registration.objects.filter(series=OuterRef("series")).order_by()
    here = {"registration": OuterRef("pk"), "session": OuterRef(OuterRef("pk"))}
    came = Exists(Attendance.objects.filter(**here))
    declined = Exists(Intention.objects.filter(**here, is_coming=False))
    seats = own.coming().filter(~came, confirmed_at__lte=OuterRef("ends_at"))

    def counted(rows: RegistrationQuerySet) -> Coalesce:
        return Coalesce(Subquery(rows.values("series").annotate(n=Count("pk")).values("n")), 0)

    return series.sessions.annotate(
        attended=counted(own.filter(came)),
        declined=counted(seats.filter(declined)),
        missed=counted(seats.filter(~declined)),
    ).order_by("starts_at", "pk")
