"""The forms of the public pages: subscribing, preferences, a new address, and asking for the link again."""

from typing import Any, cast

from crispy_forms.layout import Div, Layout
from django import forms
from django.conf import settings
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from accounts.bots import BotCheck, BotCheckForm
from accounts.choices import Profession
from accounts.fields import AddressField, ProvinceField
from accounts.form_helper import Disclosure, OnceForm, PortalForm
from accounts.forms import CHOOSE, validate_name
from accounts.languages import current_language
from accounts.models import ProviderProfile, User
from newsletters import wording
from newsletters.models import ReminderDays, Subscriber, Topic
from newsletters.services.subscriptions import Choices

MATCHED = {Topic.SESSION_NEWS, Topic.REMINDERS}  # these are about sessions for a profession or in a province
DETAILS = ("name", "profession", "province", "organization")
# Parts of the forms' layouts. The style sheet shows `reminder_days` only with the topic it is for.
WHAT = ("topics", Div("reminder_days", css_class="with-reminders"))
WHO = (Div("profession", "province", css_class="row-of-two"),)
CONSENT = Div("consent", css_class="consent")


class TopicsField(forms.MultipleChoiceField):
    """The topics. A subscriber may untick all of them, which means that they leave."""

    widget = forms.CheckboxSelectMultiple
    may_be_empty = False

    def __init__(self) -> None:
        super().__init__(
            label=lazy(lambda: wording.current().question, str)(),
            choices=Topic.choices,
            error_messages={"required": _("Choose what you’d like to receive.")},
        )

    def validate(self, value: Any) -> None:
        if value or not self.may_be_empty:
            super().validate(value)


class ReminderDaysField(forms.TypedChoiceField):
    def __init__(self) -> None:
        super().__init__(
            label=_("When should we remind you?"),
            choices=ReminderDays.choices,
            coerce=int,
            initial=ReminderDays.SEVEN,
        )

    def clean(self, value: Any) -> Any:
        return super().clean(value or ReminderDays.SEVEN)


class ChoicesFields(forms.Form):
    """What someone would like to receive, and the details that we need for it."""

    topics = TopicsField()
    reminder_days = ReminderDaysField()
    profession = forms.ChoiceField(label=_("Your profession"), choices=[*CHOOSE, *Profession.choices], required=False)
    province = ProvinceField(label=_("Your province or territory"), empty_label=CHOOSE[0][1], required=False)
    language = forms.ChoiceField(
        label=_("Language of our emails"),
        choices=settings.LANGUAGES,
        error_messages={"required": _("Choose English or French.")},
    )
    name = forms.CharField(
        label=_("Your name"),
        max_length=150,
        required=False,
        validators=[validate_name],
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    organization = forms.CharField(
        label=_("Your organization"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if MATCHED & set(data.get("topics", [])) and not data.get("profession") and not data.get("province"):
            words = _(
                "Choose your profession or your province or territory, so that we know which sessions to look for."
            )
            self.add_error("profession" if "profession" in self.fields else None, words)
        return data

    def choices(self) -> Choices:
        return Choices(**{name: self.cleaned_data[name] for name in Choices.__dataclass_fields__})


class ConsentField(forms.BooleanField):
    """The box that nobody has ticked beforehand. Its words are recorded with the consent (wording.py)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=lazy(lambda: wording.current().consent, str)(),
            help_text=lazy(wording.sender_line, str)(),
            error_messages={"required": _("Tick the box if you agree. We can’t email you without your consent.")},
            **kwargs,
        )


def email_field(**kwargs: Any) -> AddressField:
    return AddressField(
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
        error_messages={
            "required": _("Enter your email address."),
            "invalid": _("Enter your email address with an @, as in name@example.ca."),
        },
        **kwargs,
    )


class StayConnectedForm(BotCheckForm, ChoicesFields):
    submit_label = _("Email me a confirmation")

    email = email_field(label=_("Your email address"))
    consent = ConsentField()

    field_order = ("email", "topics", "reminder_days", "profession", "province", "language", "name", "organization")

    def layout(self) -> Layout:
        optional = Disclosure(_("Language, name and organization (optional)"), "language", "name", "organization")
        return Layout("email", *WHAT, *WHO, optional, CONSENT, BotCheck())


class OfferForm(OnceForm, ChoicesFields):
    """The short form for someone who has just registered: we know the rest from their account."""

    submit_label = _("Email me a confirmation")
    form_action = "newsletters:offer"

    consent = ConsentField()

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data)
        self.known = known_details(user)
        for name in (*DETAILS, "language"):
            del self.fields[name]

    def layout(self) -> Layout:
        return Layout(CONSENT, Div(*WHAT, css_class="once-agreed"), "token")

    def clean(self) -> dict[str, Any]:
        self.cleaned_data |= {name: self.known.get(name, "") for name in (*DETAILS, "language")}
        return super().clean()


class PreferencesForm(PortalForm, ChoicesFields):
    """What a subscriber gets. Someone who has left subscribes again with it, and ticks the box for that."""

    submit_label = _("Save my preferences")

    consent = ConsentField()

    def __init__(self, data: Any = None, *, subscriber: Subscriber) -> None:
        super().__init__(data, initial={name: getattr(subscriber, name) for name in Choices.__dataclass_fields__})
        self.has_left = subscriber.unsubscribed_at is not None
        if self.has_left:
            self.submit_label = _("Subscribe again")
        else:
            del self.fields["consent"]
            cast("TopicsField", self.fields["topics"]).may_be_empty = True

    def layout(self) -> Layout:
        optional = Disclosure(_("Name and organization (optional)"), "name", "organization")
        return Layout(*WHAT, "language", *WHO, optional, *([CONSENT] if self.has_left else []))


class NewAddressForm(OnceForm):
    submit_label = _("Send a confirmation to the new address")

    email = email_field(label=_("New email address"))

    def __init__(self, data: Any = None, *, subscriber: Subscriber) -> None:
        super().__init__(data)
        self.subscriber = subscriber

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if email == self.subscriber.email:
            raise forms.ValidationError(_("This is the address that we already use."))
        return email


class LinkForm(BotCheckForm):
    """Asking for the link to one's preferences."""

    submit_label = _("Email me the link")

    email = email_field(label=_("Your email address"), help_text=_("The address at which you get our emails."))


def known_details(user: Any) -> dict[str, Any]:
    """Return what we know about the person who opens the form, as initial values."""
    if not isinstance(user, User):
        return {"language": current_language()}
    known = {"name": user.name, "email": user.email, "language": user.language}
    profile = ProviderProfile.objects.filter(user=user).first()
    names = ("profession", "province", "organization")
    return known | ({name: getattr(profile, name) for name in names} if profile else {})


class OpeningNoticeForm(BotCheckForm):
    """Where to write when registration for a series opens."""

    submit_label = _("Tell me when it opens")

    email = email_field(label=_("Your email address"), help_text=_("We’ll send you one email, and nothing else."))
