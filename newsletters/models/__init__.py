"""Subscribers and consent (subscribers.py), issues (issues.py), session news (news.py) and documents (publications.py)."""

from newsletters.models.issues import (
    PUBLIC_STATES,
    Issue,
    IssueQuerySet,
    IssueRendering,
    IssueState,
    Picture,
)
from newsletters.models.news import AnnouncedSeries, OpenedSeries, OpeningNotice
from newsletters.models.publications import Publication, PublicationFile
from newsletters.models.subscribers import (
    ConsentAction,
    ConsentEvent,
    FormerToken,
    Preferences,
    ReminderDays,
    Subscriber,
    SubscriberQuerySet,
    SubscriptionRequest,
    Topic,
    new_token,
)

__all__ = [
    "PUBLIC_STATES",
    "AnnouncedSeries",
    "ConsentAction",
    "ConsentEvent",
    "FormerToken",
    "Issue",
    "IssueQuerySet",
    "IssueRendering",
    "IssueState",
    "OpenedSeries",
    "OpeningNotice",
    "Picture",
    "Preferences",
    "Publication",
    "PublicationFile",
    "ReminderDays",
    "Subscriber",
    "SubscriberQuerySet",
    "SubscriptionRequest",
    "Topic",
    "new_token",
]
