"""Writing issues: copying one, and sending a test of it to oneself."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.text import slugify

from accounts.languages import LANGUAGES
from accounts.models import User
from newsletters.models import Issue, Picture
from outbox.services import Draft, write

REFERENCE = re.compile(r"(?<=\]\(picture:)([0-9]{1,18})(?=[\s)])")
COPIED = (
    *("title_en", "title_fr", "preview_en", "preview_fr", "body_en", "body_fr"),
    *("audience_topic", "audience_languages", "audience_professions", "audience_provinces"),
)
# A test that has not left by then is of no use any longer.
TEST_EXPIRES_AFTER = timedelta(hours=1)


@transaction.atomic
def duplicate(issue: Issue, *, by: User) -> Issue:
    """Return a new draft with the texts, pictures and audience of `issue`. References to pictures lead to the copies."""
    copy = Issue(**{name: getattr(issue, name) for name in COPIED}, created_by=by, slug=free_slug(issue.title_en))
    copy.slug_fr = free_slug(issue.title_fr, copy.slug) if issue.title_fr else None
    copy.save()
    copy.audience_hubs.set(issue.audience_hubs.all())
    keys = {}
    for picture in Picture.objects.filter(issue=issue):
        old = picture.pk
        picture.pk, picture.issue, picture._state.adding = None, copy, True  # noqa: SLF001 - Django's way to copy a row
        picture.save()
        keys[old] = picture.pk
    copy.body_en, copy.body_fr = (_with_keys(body, keys) for body in (copy.body_en, copy.body_fr))
    copy.save()
    return copy


def _with_keys(body: str, keys: Mapping[int, int]) -> str:
    return REFERENCE.sub(lambda match: str(keys.get(int(match[1]), match[1])), body)


def free_slug(title: str, *taken: str) -> str:
    """Return a slug for the title that no issue has in either language and that is not in `taken`."""
    base = slugify(title)[:80].strip("-") or "issue"
    begins_so = Q(slug__startswith=base) | Q(slug_fr__startswith=base)
    used = {*taken, *(slug for pair in Issue.objects.filter(begins_so).values_list("slug", "slug_fr") for slug in pair)}
    number, slug = 1, base
    while slug in used:
        number += 1
        slug = f"{base}-{number}"
    return slug


@transaction.atomic
def send_test(issue: Issue, *, to: User, now: datetime) -> None:
    """Email the issue as it is when it leaves, in both languages, to the person who asks for it and nobody else.

    It goes ahead of bulk email, because that person waits for it.
    """
    write(
        (
            Draft(
                key=f"newsletter-test:{issue.pk}:{to.pk}:{language}:{now.isoformat()}",
                message_type="newsletter-test",
                to=to.email,
                language=language,
                data={"issue": issue.pk},
                expires_at=now + TEST_EXPIRES_AFTER,
            )
            for language in LANGUAGES
        ),
        now=now,
    )
