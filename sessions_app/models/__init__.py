"""The program: series (series.py) with their sessions, questions and resources, their review, and cached feeds."""

from sessions_app.models.feed import Feed
from sessions_app.models.questions import Question, QuestionKind, Resource, ResourceKind
from sessions_app.models.review import ChangeRequest, ReviewEntry, ReviewStep
from sessions_app.models.series import (
    KEPT_BY_THE_DATABASE,
    DeliveryLanguage,
    Publication,
    Series,
    SeriesQuerySet,
    default_reminders,
)
from sessions_app.models.sessions import Delivery, Session, SessionQuerySet, dates_of

__all__ = [
    "KEPT_BY_THE_DATABASE",
    "ChangeRequest",
    "Delivery",
    "DeliveryLanguage",
    "Feed",
    "Publication",
    "Question",
    "QuestionKind",
    "Resource",
    "ResourceKind",
    "ReviewEntry",
    "ReviewStep",
    "Series",
    "SeriesQuerySet",
    "Session",
    "SessionQuerySet",
    "dates_of",
    "default_reminders",
]
