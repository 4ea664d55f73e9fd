"""Registrations, with everything that belongs to them: answers, invitations, intentions, attendance, staff actions."""

from typing import TYPE_CHECKING, Any

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.languages import Bilingual
from hubs.models import Role
from sessions_app.models import Question, Series, Session

if TYPE_CHECKING:
    from accounts.models import User


class RegistrationState(models.TextChoices):
    CONFIRMED = "confirmed", _("Registered")
    WAITLISTED = "waitlisted", _("On the waitlist")
    RECORDING = "recording", _("Recording only")
    CANCELLED = "cancelled", _("Cancelled")


class EndReason(models.TextChoices):
    """Why a registration was cancelled."""

    SELF = "self", _("cancelled by the person")
    STAFF = "staff", _("cancelled by the team")
    MOVED = "moved", _("moved to another series")
    CAME_BACK = "came-back", _("registered again instead")
    LAPSED = "lapsed", _("invitation not answered in time")
    WAITLIST_CLOSED = "waitlist-closed", _("registration closed without a seat")
    SERIES_CANCELLED = "series-cancelled", _("the series was cancelled")
    WITHDRAWN = "withdrawn", _("the series was withdrawn")


class RegistrationQuerySet(models.QuerySet["Registration"]):
    def managed_by(self, user: "User", *roles: Role) -> "RegistrationQuerySet":
        """Return the registrations for series of the hubs whose team `user` belongs to, in one of the `roles` if given."""
        return self.filter(series__in=Series.objects.managed_by(user, *roles).order_by().values("pk"))

    def active(self) -> "RegistrationQuerySet":
        return self.exclude(state=RegistrationState.CANCELLED)

    def confirmed(self) -> "RegistrationQuerySet":
        """Registrations with a seat, including seats that a colleague has not confirmed yet."""
        return self.filter(state=RegistrationState.CONFIRMED)

    def coming(self) -> "RegistrationQuerySet":
        """Registrations with a seat that the person took or confirmed."""
        return self.confirmed().filter(held_until=None)

    def waitlisted(self) -> "RegistrationQuerySet":
        """Registrations on the waitlist, in the order in which people joined."""
        return self.filter(state=RegistrationState.WAITLISTED).order_by("waitlisted_at", "pk")


@pghistory.track()
class Registration(models.Model):
    """One person's registration for one series. A cancelled one is kept. Someone who comes back gets a new one."""

    series = models.ForeignKey(Series, models.PROTECT, related_name="registrations", verbose_name=_("series"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="registrations", verbose_name=_("person")
    )
    state = models.CharField(_("state"), max_length=10, choices=RegistrationState.choices)
    created_at = models.DateTimeField(_("created"))
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    waitlisted_at = models.DateTimeField(_("on the waitlist since"), null=True, blank=True)
    recording_at = models.DateTimeField(_("asked for the recording"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)
    end_reason = models.CharField(_("reason it ended"), max_length=20, choices=EndReason.choices, blank=True)
    held_until = models.DateTimeField(
        _("reserved until"),
        null=True,
        blank=True,
        help_text=_("A date here means that a colleague reserved this seat and the person hasn’t confirmed it yet."),
    )

    # Set by queries.add_waitlist_positions for a registration on a waitlist: "3rd of 12", and how many seats went to the waitlist.
    waitlist_position: int
    waitlist_length: int
    seats_freed: int

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        verbose_name = _("registration")
        verbose_name_plural = _("registrations")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["series", "user"], condition=~Q(state="cancelled"), name="registration_one_active_a_person"
            )
        ]
        indexes = [
            models.Index(
                fields=["series", "waitlisted_at"], name="registration_waitlist", condition=Q(state="waitlisted")
            ),
            models.Index(fields=["held_until"], name="registration_held", condition=Q(held_until__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.series}"

    @property
    def is_held(self) -> bool:
        """Whether a colleague reserved this seat and the person has not confirmed it yet."""
        return self.state == RegistrationState.CONFIRMED and self.held_until is not None


class Answer(models.Model):
    """A person's answer to a question of the series: a list of texts, with more than one only if several can be chosen."""

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="answers")
    question = models.ForeignKey(Question, models.PROTECT, related_name="answers", verbose_name=_("question"))
    value = models.JSONField(_("answer"), default=list)

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        ordering = ["question__position"]
        constraints = [models.UniqueConstraint(fields=["registration", "question"], name="answer_one_a_question")]

    def __str__(self) -> str:
        return ", ".join(self.value)


class Invitation(models.Model):
    """A seat that someone reserved for a colleague. The name is what the inviter typed, and is kept apart from the
    colleague's account.

    `registration` is empty if the colleague was already registered, because the inviter is not told that. An invitation
    is deleted some time after the colleague declined or did not answer (services.delete_unanswered_invitations).
    """

    series = models.ForeignKey(Series, models.CASCADE, related_name="invitations", verbose_name=_("series"))
    inviter = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="invitations", verbose_name=_("invited by")
    )
    name = models.CharField(_("name"), max_length=80)
    email = models.EmailField(_("email address"))
    registration = models.OneToOneField(
        Registration, models.SET_NULL, null=True, blank=True, related_name="invitation", verbose_name=_("registration")
    )
    created_at = models.DateTimeField(_("invited"))

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-created_at", "pk"]
        indexes = [models.Index(fields=["email", "created_at"], name="invitation_by_address")]

    def __str__(self) -> str:
        return self.name


class Intention(models.Model):
    """Whether someone with a seat will come to one session, as they told us."""

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="intentions")
    session = models.ForeignKey(Session, models.CASCADE, related_name="intentions", verbose_name=_("session"))
    is_coming = models.BooleanField(_("coming"))
    answered_at = models.DateTimeField(_("answered"))

    class Meta:
        verbose_name = _("intention")
        verbose_name_plural = _("intentions")
        constraints = [models.UniqueConstraint(fields=["registration", "session"], name="intention_one_a_session")]


class Attendance(models.Model):
    """Someone joined a session with their own link. Only the first time is recorded."""

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="attendances")
    session = models.ForeignKey(Session, models.PROTECT, related_name="attendances", verbose_name=_("session"))
    joined_at = models.DateTimeField(_("joined"))

    class Meta:
        verbose_name = _("attendance")
        verbose_name_plural = _("attendances")
        constraints = [models.UniqueConstraint(fields=["registration", "session"], name="attendance_one_a_session")]


class StaffAction(models.Model):
    """What staff did to a registration, when and why. Rows are never changed."""

    class Action(models.TextChoices):
        REGISTERED = "registered", _("Registered")
        PROMOTED = "promoted", _("Skipped the waitlist")
        MOVED = "moved", _("Moved")
        CANCELLED = "cancelled", _("Cancelled")

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="staff_actions")
    action = models.CharField(_("action"), max_length=10, choices=Action.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("date"))
    reason = models.TextField(_("reason"), blank=True)

    class Meta:
        verbose_name = _("staff action")
        verbose_name_plural = _("staff actions")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.get_action_display()


class PersonalCalendar(models.Model):
    """The secret in the URL of a person's calendar feed. After it is renewed, the old URL stops working."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="calendar")
    secret = models.CharField(max_length=64, unique=True)
    renewed_at = models.DateTimeField()


class Announcement(models.Model):
    """What people were last told about a session. The times are empty if they were told nothing yet. `changed_at` is
    the time of the first edit that has not been announced, `note` the team's message about it, by language."""

    session = models.OneToOneField(Session, models.CASCADE, related_name="announcement")
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    delivery = models.CharField(max_length=10, blank=True)
    join_url = models.URLField(max_length=500, blank=True)
    changed_at = models.DateTimeField(null=True, db_index=True)
    note = models.JSONField(default=dict, db_default={})

    @staticmethod
    def facts_of(session: Session) -> dict[str, Any]:
        """Return the facts of a session whose change is announced."""
        return {name: getattr(session, name) for name in ("starts_at", "ends_at", "delivery", "join_url")}


class Recipients(models.TextChoices):
    """Whom a hub's message goes to."""

    EVERYONE = "everyone", _("Everyone: confirmed, on the waitlist and recording only")
    CONFIRMED = "confirmed", _("People with a seat")
    WAITLISTED = "waitlisted", _("People on the waitlist")
    ATTENDED = "attended", _("People who attended a session")
    ABSENT = "absent", _("People with a seat who did not attend a session")
    SELECTED = "selected", _("Selected people")


class HubMessage(models.Model):
    """A message that a hub wrote to people of one of its series. Each of them gets it as one email (services/messages.py).

    `session` is set for those who attended a session or did not. The emails' keys start with `hub-message:<pk>:`.
    """

    series = models.ForeignKey(Series, models.CASCADE, related_name="hub_messages", verbose_name=_("series"))
    recipients = models.CharField(_("to"), max_length=10, choices=Recipients.choices)
    session = models.ForeignKey(Session, models.PROTECT, null=True, blank=True, verbose_name=_("session"))
    subject_en = models.CharField(_("subject (English)"), max_length=150, blank=True)
    subject_fr = models.CharField(_("subject (French)"), max_length=150, blank=True)
    body_en = models.TextField(_("message (English)"), max_length=5000, blank=True)
    body_fr = models.TextField(_("message (French)"), max_length=5000, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by"))
    sent_at = models.DateTimeField(_("sent"))
    sent_to = models.PositiveIntegerField(_("number of people"))
    # Chosen when the form is opened, so that sending it twice writes one message.
    token = models.UUIDField(unique=True, editable=False)

    subject = Bilingual()
    body = Bilingual()

    class Meta:
        verbose_name = _("message of a hub")
        verbose_name_plural = _("messages of hubs")
        ordering = ["-sent_at", "-pk"]

    def __str__(self) -> str:
        return self.subject
