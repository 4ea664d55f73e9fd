"""The people in the sample data: a few to sign in as, and many more who fill the seats. All names are invented."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.utils.text import slugify

from accounts.choices import PracticeSetting, Profession, Province
from accounts.models import ProviderProfile, User
from accounts.services import Details, get_or_create_user, save_details
from accounts.zones import PROVINCE_ZONES

DOMAIN = "echo.example.ca"
PROVIDER_EMAIL = f"amelie@{DOMAIN}"
UNUSABLE_PASSWORD = "!"  # noqa: S105 - Django's prefix for an unusable password

# The people you can sign in as: address, name, profession, province, practice setting.
NAMED = [
    (PROVIDER_EMAIL, "Amélie Tremblay", Profession.REGISTERED_NURSE, "QC", PracticeSetting.HOME_CARE),
    (f"provider1@{DOMAIN}", "Joseph Ittusardjuat", Profession.SOCIAL_WORKER, "NU", PracticeSetting.RURAL_CLINIC),
    (f"provider2@{DOMAIN}", "Priya Nair", Profession.PHYSICIAN, "ON", PracticeSetting.PRIMARY_CARE),
    (f"provider3@{DOMAIN}", "Liam MacDonald", Profession.PARAMEDIC, "NS", PracticeSetting.PARAMEDIC_SERVICE),
]


@dataclass(frozen=True)
class Community:
    """People who share a language: first names, last names and provinces to combine."""

    language: str
    count: int
    given: str
    family: str
    provinces: str


# Names combine both lists in parallel. The lengths of the lists have no common divisor, so no name occurs twice.
COMMUNITIES = [
    Community(
        "en",
        130,
        "Aaliyah Andrew Beatriz Caleb Chidi Claire Daniel Deepa Eleanor Farid Grace Hannah Ibrahim Ingrid Jamal Joanne Kavita"
        " Kenji Laura Mei Michael Nadia Olena Owen Patricia Rajiv Rebecca Samira Tanya Wei Zoe",
        "Abdi Anderson Bains Baptiste Campbell Chan Cardinal Dhillon Fraser Friesen Hassan Ivanova Kim Kowalchuk Lam MacLeod"
        " Mensah Murphy Nguyen Okafor Patel Penner Reid Rodriguez Santos Sinclair Stewart Tootoo Wong Young",
        "ON ON ON BC BC AB AB SK MB NS NB NL PE ON BC AB NT YT NU",
    ),
    Community(
        "fr",
        70,
        "Aïcha Alexandre Annie Benoît Catherine Élise Fatou François Geneviève Hugo Isabelle Karim Laurence Luc Marie-Ève"
        " Mélanie Nathalie Olivier Pascale Rachid Stéphanie Thierry Valérie",
        "Bélanger Bergeron Boudreau Bouchard Cormier Diallo Fortin Gagnon Gauthier Jean-Baptiste Lavoie Leblanc Morin"
        " Ouellet Pelletier Rioux Roy Savard Traoré Vollant",
        "QC QC QC QC NB QC ON QC",
    ),
]
PROFESSIONS = [
    *[Profession.REGISTERED_NURSE] * 4,
    *[Profession.PHYSICIAN] * 2,
    *[Profession.SOCIAL_WORKER, Profession.NURSE_PRACTITIONER, Profession.PRACTICAL_NURSE] * 2,
    *[Profession.PERSONAL_SUPPORT_WORKER, Profession.PHARMACIST, Profession.PARAMEDIC, Profession.SPIRITUAL_CARE],
    *[Profession.RESPIRATORY_THERAPIST, Profession.VOLUNTEER, Profession.PHYSIOTHERAPIST, Profession.STUDENT],
]
SETTINGS = [value for value in PracticeSetting.values if value != PracticeSetting.OTHER]


def make_named() -> dict[str, User]:
    """Create the people you can sign in as, with verified addresses. Returns them by address."""
    named = {}
    for email, name, profession, province, setting in NAMED:
        person = get_or_create_user(email, language="fr" if province == "QC" else "en")
        save_details(person, Details(name, profession, province, person.language, practice_setting=setting))
        EmailAddress.objects.filter(user=person).update(verified=True)
        named[email] = person
    return named


def make_crowd(now: datetime) -> list[User]:
    """Create 200 providers with complete profiles in bulk. Existing people are not changed."""
    wanted = [person for community in COMMUNITIES for person in _people(community, now)]
    User.objects.bulk_create((person for person, _profile in wanted), ignore_conflicts=True)
    keys = dict(User.objects.filter(email__in=[p.email for p, _profile in wanted]).values_list("email", "pk"))
    for person, _profile in wanted:
        person.pk = keys[person.email]
    ProviderProfile.objects.bulk_create((profile for _person, profile in wanted), ignore_conflicts=True)
    EmailAddress.objects.bulk_create(
        (EmailAddress(user=person, email=person.email, primary=True, verified=True) for person, _profile in wanted),
        ignore_conflicts=True,
    )
    return [person for person, _profile in wanted]


def _people(community: Community, now: datetime) -> list[tuple[User, ProviderProfile]]:
    given, family, provinces = (text.split() for text in (community.given, community.family, community.provinces))
    people = []
    for n in range(community.count):
        name = f"{given[n % len(given)]} {family[n % len(family)]}"
        province = Province(provinces[n % len(provinces)])
        person = User(
            email=f"{slugify(name).replace('-', '.')}@{DOMAIN}",
            name=name,
            password=UNUSABLE_PASSWORD,
            language=community.language,
            time_zone=PROVINCE_ZONES[province],
            date_joined=now - timedelta(days=120 + n),
        )
        profile = ProviderProfile(
            user=person,
            profession=PROFESSIONS[n % len(PROFESSIONS)],
            province=province,
            practice_setting=SETTINGS[n % len(SETTINGS)],
        )
        people.append((person, profile))
    return people
