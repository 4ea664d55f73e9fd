"""The Atom feed of the newsletter, one in each language."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _

from accounts.languages import current_language
from accounts.links import absolute_url
from newsletters.cleaning import one_line
from newsletters.issue_queries import web_body, with_renderings
from newsletters.markdown import with_full_urls
from newsletters.models import Issue

ENTRIES = 20


class CanadianAtomFeed(Atom1Feed):
    """Atom in English or French as written in Canada."""

    def root_attributes(self) -> dict[str, str]:
        return super().root_attributes() | {"xml:lang": f"{current_language()}-CA"}


class IssueFeed(Feed):
    """The latest issues, each with its text as HTML."""

    feed_type = CanadianAtomFeed

    def title(self) -> str:
        return _("%(project)s: newsletter") % {"project": settings.PROJECT_NAME}

    def subtitle(self) -> str:
        return _("News about palliative care sessions, hubs and resources across Canada.")

    def link(self) -> str:
        return absolute_url(reverse("newsletters:list"))

    def feed_url(self) -> str:
        return absolute_url(reverse("newsletters:feed"))

    def feed_guid(self) -> str:
        return self.feed_url()

    def author_name(self) -> str:
        return str(settings.PROJECT_NAME)

    def items(self) -> Any:
        return with_renderings(Issue.objects.public())[:ENTRIES]

    def item_title(self, item: Issue) -> str:
        return one_line(item.title)

    def item_description(self, item: Issue) -> str:
        return with_full_urls(web_body(item, timezone.now()))

    def item_link(self, item: Issue) -> str:
        return absolute_url(item)

    def item_pubdate(self, item: Issue) -> datetime | None:
        return item.published_at

    def item_updateddate(self, item: Issue) -> datetime | None:
        return item.published_at


def last_published(request: HttpRequest) -> datetime | None:
    """Return when the latest issue appeared, for `Last-Modified`. An issue does not change after that."""
    return Issue.objects.public().values_list("published_at", flat=True).first()
