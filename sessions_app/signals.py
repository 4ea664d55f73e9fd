"""Every edit of a hub, a series or a session deletes the cached feeds it affects, in the same transaction (`services.py`).

The receivers run before and after each change: a series that moves to another hub or language leaves one feed and joins another.
A new series or session is in no feed until it is saved.
"""

from typing import Any

from django.db.models.signals import post_save, pre_delete, pre_save
from django.dispatch import Signal, receiver

from hubs.models import Hub, Logo
from sessions_app.models import Series, Session
from sessions_app.services import hubs_edited, series_edited

CHANGES: list[Signal] = [pre_save, post_save, pre_delete]


@receiver(CHANGES, sender=Hub)
def on_hub_change(instance: Hub, **_kwargs: Any) -> None:
    hubs_edited(Hub.objects.filter(pk=instance.pk))


@receiver(CHANGES, sender=Logo)
def on_logo_change(instance: Logo, **_kwargs: Any) -> None:
    hubs_edited(Hub.objects.filter(pk=instance.hub_id))


@receiver(CHANGES, sender=Series)
def on_series_change(instance: Series, **_kwargs: Any) -> None:
    if instance.pk:
        series_edited(Series.objects.filter(pk=instance.pk))


@receiver(CHANGES, sender=Session)
def on_session_change(instance: Session, **_kwargs: Any) -> None:
    if instance.pk:
        series_edited(Series.objects.filter(pk__in=Session.objects.filter(pk=instance.pk).values("series")))
