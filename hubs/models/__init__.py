"""Hub partners: the hubs (hubs.py), their teams (team.py), and organizations that want to become one (interest.py)."""

from hubs.models.hubs import Hub, HubQuerySet, Logo
from hubs.models.interest import OPEN_STAGES, HeardFrom, InterestNote, OrganizationType, PartnerInterest, Stage
from hubs.models.team import EDITING_ROLES, Membership, Role, TeamInvitation, TeamInvitationQuerySet

__all__ = [
    "EDITING_ROLES",
    "OPEN_STAGES",
    "HeardFrom",
    "Hub",
    "HubQuerySet",
    "InterestNote",
    "Logo",
    "Membership",
    "OrganizationType",
    "PartnerInterest",
    "Role",
    "Stage",
    "TeamInvitation",
    "TeamInvitationQuerySet",
]
