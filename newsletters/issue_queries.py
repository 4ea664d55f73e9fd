"""Reads of issues and publications that are longer than a line."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, QuerySet

from accounts.languages import current_language
from newsletters.models import Issue, IssueRendering, Publication, PublicationFile
from newsletters.rendering import render_body


def with_renderings(issues: QuerySet[Issue]) -> Any:
    """Read the frozen web pages of the issues in the active language too, but not their emails."""
    frozen = IssueRendering.objects.filter(language=current_language()).only("issue", "web")
    return issues.prefetch_related(Prefetch("renderings", frozen, to_attr="frozen"))


def web_body(issue: Any, now: datetime) -> str:
    """Return the body of the issue's page as it was when the sending began, or, of a draft, as it is `now`.

    `issue` comes from `with_renderings`.
    """
    if issue.is_editable or not issue.frozen:
        return render_body(issue.pk, issue.body, now=now)
    return issue.frozen[0].web


@dataclass(frozen=True)
class Offer:
    """A publication that can be downloaded, with its files, the one in the reader's language first."""

    publication: Publication
    files: list[PublicationFile]


def offers(*, on_home_page: bool = False) -> list[Offer]:
    """Return the publications that have a file, by title, those of the home page if asked. Takes one query."""
    found = PublicationFile.objects.select_related("publication").defer("content")
    if on_home_page:
        found = found.filter(publication__is_on_home_page=True)
    return _by_publication(found.order_by("publication__title_en", "publication", "language"))


def _by_publication(files: Iterable[PublicationFile]) -> list[Offer]:
    found: dict[int, Offer] = {}
    for file in files:
        found.setdefault(file.publication_id, Offer(file.publication, [])).files.append(file)
    for offer in found.values():
        offer.files.sort(key=lambda file: file.language != current_language())
    return list(found.values())
