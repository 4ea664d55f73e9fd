"""The user, whose email address is the login, and the provider's profile."""

from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.choices import PracticeSetting, Profession, Province
from accounts.fields import NormalizedEmailField, normalize_email
from accounts.zones import PROJECT_ZONE, ZONE_CHOICES


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=normalize_email(username or ""))

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """Someone who can sign in: a provider, a hub coordinator or Pallium staff."""

    email = NormalizedEmailField(
        _("email address"), unique=True, error_messages={"unique": _("Another account has this email address.")}
    )
    # Email sent to these is the person's data too: it is in their export, and deleted with the account.
    former_emails = ArrayField(NormalizedEmailField(), default=list, blank=True, editable=False)
    name = models.CharField(_("name"), max_length=150, blank=True)
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES, default="en")
    time_zone = models.CharField(_("time zone"), max_length=40, choices=ZONE_CHOICES, default=PROJECT_ZONE)
    is_staff = models.BooleanField(_("can use the admin"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    closed_at = models.DateTimeField(_("account closed"), null=True, blank=True, editable=False)
    date_joined = models.DateTimeField(_("since"), default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_any_case")]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def zone_if_known(self) -> ZoneInfo | None:
        """The person's time zone, or None if they have no profile yet."""
        return self.zone if hasattr(self, "profile") else None

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        """The full name, because the first word of a name is not always a given name."""
        return self.name


class ProviderProfile(models.Model):
    """A provider's details. They show who takes part and from where."""

    user = models.OneToOneField(User, models.CASCADE, related_name="profile", verbose_name=_("person"))
    profession = models.CharField(_("profession"), max_length=40, choices=Profession.choices)
    province = models.CharField(_("province or territory"), max_length=2, choices=Province.choices)

    practice_setting = models.CharField(
        _("practice setting"), max_length=40, choices=PracticeSetting.choices, blank=True
    )
    organization = models.CharField(_("organization"), max_length=200, blank=True)
    accessibility_needs = models.TextField(_("accessibility needs"), max_length=1000, blank=True)

    class Meta:
        verbose_name = _("provider profile")
        verbose_name_plural = _("provider profiles")

    def __str__(self) -> str:
        return f"{self.get_profession_display()}, {self.get_province_display()}"
