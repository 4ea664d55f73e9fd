"""Professions, practice settings, and provinces and territories."""

import unicodedata
from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _


class Profession(models.TextChoices):
    """The professions that the program is for. Over 17 took part from 2021 to 2023 (BMC Palliative Care, 2025)."""

    PHYSICIAN = "physician", _("Physician")
    NURSE_PRACTITIONER = "nurse-practitioner", _("Nurse practitioner")
    REGISTERED_NURSE = "registered-nurse", _("Registered nurse")
    PRACTICAL_NURSE = "practical-nurse", _("Licensed or registered practical nurse")
    PERSONAL_SUPPORT_WORKER = "personal-support-worker", _("Personal support worker or health care aide")
    PHARMACIST = "pharmacist", _("Pharmacist")
    SOCIAL_WORKER = "social-worker", _("Social worker")
    SPIRITUAL_CARE = "spiritual-care", _("Spiritual care practitioner")
    PARAMEDIC = "paramedic", _("Paramedic")
    OCCUPATIONAL_THERAPIST = "occupational-therapist", _("Occupational therapist")
    PHYSIOTHERAPIST = "physiotherapist", _("Physiotherapist")
    RESPIRATORY_THERAPIST = "respiratory-therapist", _("Respiratory therapist")
    DIETITIAN = "dietitian", _("Dietitian")
    PSYCHOLOGIST = "psychologist", _("Psychologist or counsellor")
    CHILD_LIFE = "child-life", _("Child life specialist")
    VOLUNTEER = "volunteer", _("Hospice volunteer")
    MANAGER = "manager", _("Manager or administrator")
    EDUCATOR = "educator", _("Educator or researcher")
    STUDENT = "student", _("Student or resident")
    OTHER = "other", _("Other")


class PracticeSetting(models.TextChoices):
    """Where care is given, for the funder's reports."""

    HOSPITAL = "hospital", _("Hospital")
    LONG_TERM_CARE = "long-term-care", _("Long-term care home")
    HOME_CARE = "home-care", _("Home and community care")
    HOSPICE = "hospice", _("Hospice or palliative care unit")
    PRIMARY_CARE = "primary-care", _("Primary care or family practice")
    RURAL_CLINIC = "rural-clinic", _("Rural or remote health centre")
    PARAMEDIC_SERVICE = "paramedic-service", _("Paramedic service")
    PHARMACY = "pharmacy", _("Pharmacy")
    SCHOOL = "school", _("University, college or research")
    OTHER = "other", _("Other")


class Province(models.TextChoices):
    """Canada's provinces and territories, by their two-letter postal abbreviations."""

    AB = "AB", _("Alberta")
    BC = "BC", _("British Columbia")
    MB = "MB", _("Manitoba")
    NB = "NB", _("New Brunswick")
    NL = "NL", _("Newfoundland and Labrador")
    NT = "NT", _("Northwest Territories")
    NS = "NS", _("Nova Scotia")
    NU = "NU", _("Nunavut")
    ON = "ON", _("Ontario")
    PE = "PE", _("Prince Edward Island")
    QC = "QC", _("Quebec")
    SK = "SK", _("Saskatchewan")
    YT = "YT", _("Yukon")


def alphabetical(text: str) -> str:
    """Return a key to sort by, as a dictionary does: capitals and accents don't count, so that "Île" is before "Manitoba"."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", text.casefold()) if letter.isalnum())


def province_choices() -> list[tuple[str, str]]:
    """Return the provinces and territories for a form, by their names in the reader's language. Give a field the function."""
    return sorted(((code, str(label)) for code, label in Province.choices), key=lambda choice: alphabetical(choice[1]))


def province_names(codes: Iterable[str]) -> list[str]:
    """Return the names of these provinces and territories in the reader's language, in alphabetical order."""
    return sorted((str(Province(code).label) for code in codes), key=alphabetical)
