"""The staff groups and their permissions in the admin (docs/operations.md, "Staff accounts and roles")."""

from django.contrib.auth.models import Group, Permission
from django.db import transaction

VIEW, ADD, CHANGE, DELETE = "view", "add", "change", "delete"
EXPORT = "export"  # of subscribers. Adding them means importing a file, and changing one, unsubscribing them
READ, EDIT, ALL = (VIEW,), (VIEW, ADD, CHANGE), (VIEW, ADD, CHANGE, DELETE)

# Only superusers may give permissions, so no role may change groups or permissions.
ROLES: dict[str, dict[str, tuple[str, ...]]] = {
    "Program": {
        "hubs.hub": EDIT,
        "hubs.membership": (VIEW, ADD),
        "hubs.partnerinterest": (VIEW, CHANGE, DELETE),
        "hubs.interestnote": (VIEW, ADD),
        "sessions_app.series": EDIT,
        "sessions_app.session": ALL,
        "sessions_app.question": ALL,
        "sessions_app.resource": ALL,
        "sessions_app.reviewentry": READ,
        "sessions_app.changerequest": (VIEW, CHANGE),
        "registrations.registration": READ,
    },
    "Registrations": {
        "sessions_app.series": READ,
        "sessions_app.session": READ,
        "registrations.registration": EDIT,
        "registrations.answer": READ,
        "accounts.user": READ,
        "accounts.providerprofile": READ,
        "outbox.message": READ,
    },
    "Newsletters": {
        "newsletters.subscriber": (VIEW, ADD, CHANGE, EXPORT),
        "newsletters.consentevent": READ,
        "newsletters.issue": EDIT,
        "newsletters.picture": ALL,
        "newsletters.publication": EDIT,
        "newsletters.publicationfile": EDIT,
    },
    "Support": {
        "registrations.registration": READ,
        "accounts.user": (VIEW, CHANGE),
        "accounts.providerprofile": (VIEW, CHANGE),
        "account.emailaddress": READ,
        "mfa.authenticator": (VIEW, DELETE),
        "outbox.message": (VIEW, CHANGE),
        "outbox.suppression": (VIEW, ADD, DELETE),
        "newsletters.subscriber": (VIEW, CHANGE),
    },
}


@transaction.atomic
def set_up_roles() -> None:
    """Create the groups and set the permissions of each to exactly those of its role. Safe to run again.

    Raises Permission.DoesNotExist if the database has not been migrated.
    """
    existing = {
        (permission.content_type.app_label, permission.codename): permission
        for permission in Permission.objects.select_related("content_type")
    }
    for name, rights in ROLES.items():
        group, _created = Group.objects.get_or_create(name=name)
        group.permissions.set(_permissions(rights, existing))


def _permissions(rights: dict[str, tuple[str, ...]], existing: dict[tuple[str, str], Permission]) -> list[Permission]:
    wanted = [
        (app, f"{action}_{model}")
        for name, actions in rights.items()
        for app, model in [name.split(".")]
        for action in actions
    ]
    try:
        return [existing[permission] for permission in wanted]
    except KeyError as error:
        raise Permission.DoesNotExist(f"The database has no permission {error}.") from error
