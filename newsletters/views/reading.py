"""Public pages: the archive of the newsletter, its issues and feed, and publications."""

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.http import condition, last_modified, require_safe

from hubs.views.pictures import FOR_A_YEAR, NOTHING_RUNS, picture_response
from newsletters.feeds import IssueFeed, last_published
from newsletters.issue_queries import offers, web_body, with_renderings
from newsletters.models import Issue, Picture, PublicationFile
from newsletters.services.pictures import is_public
from sessions_app import addresses

PAGE_SIZE = 20
# After that, a browser asks whether the file has changed (304), because its address stays the same.
AN_HOUR = "public, max-age=3600"

feed = require_safe(last_modified(last_published)(IssueFeed()))


@require_safe
def issue_list(request: HttpRequest) -> HttpResponse:
    issues = Issue.objects.public().defer("body_en", "body_fr")
    page = Paginator(issues, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "issues": page.object_list,
        "page": {"number": page.number, "pages": page.paginator.num_pages},
        "query": "",
        "zone": timezone.get_default_timezone(),
    }
    return render(request, "newsletters/list.html", context)


@require_safe
def issue_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """Show an issue as it was when the sending began, and a draft to staff who may see it. Its other slug redirects here."""
    issue = with_renderings(Issue.objects.public().by_slug(slug)).first()
    if issue is None:
        if not request.user.has_perm("newsletters.view_issue"):
            raise Http404
        issue = get_object_or_404(with_renderings(Issue.objects.all().by_slug(slug)))
    redirected = addresses.to_canonical(request, issue)
    if redirected:
        return redirected
    context = {
        "issue": issue,
        "body": mark_safe(web_body(issue, timezone.now())),
        "zone": timezone.get_default_timezone(),
        "elsewhere": addresses.in_other_language(request, issue),
    }
    return render(request, "newsletters/detail.html", context)


@require_safe
def picture(request: HttpRequest, checksum: str) -> HttpResponse:
    """Answer with a picture of an issue: to everyone once the issue is public, before that to staff who may see it."""
    cache_control = FOR_A_YEAR if is_public(checksum) else "private, no-store"
    if cache_control != FOR_A_YEAR and not request.user.has_perm("newsletters.view_issue"):
        raise Http404
    found = get_object_or_404(Picture.objects.filter(checksum=checksum)[:1])
    return picture_response(bytes(found.content), found.content_type, cache_control=cache_control)


@require_safe
def publications(request: HttpRequest) -> HttpResponse:
    return render(request, "newsletters/publications.html", {"offers": offers()})


def _file_etag(request: HttpRequest, slug: str, language: str) -> str | None:
    found = PublicationFile.objects.filter(publication__slug=slug, language=language)
    checksum = found.values_list("checksum", flat=True).first()
    return f'"{checksum}"' if checksum else None


@require_safe
@condition(etag_func=_file_etag)
def publication(request: HttpRequest, slug: str, language: str) -> HttpResponse:
    """Answer with the PDF. It is downloaded and never shown inside the site, so that nothing in it runs here.

    Its content is only read for someone who needs it: not for HEAD, and not if they have it already.
    """
    files = PublicationFile.objects.defer("content")
    file = get_object_or_404(files, publication__slug=slug, language=language)
    content = b"" if request.method == "HEAD" else bytes(file.content)
    headers = {
        "Content-Length": str(len(content) or file.size),
        "Content-Disposition": f'attachment; filename="{slug}-{language}.pdf"',
        "Content-Security-Policy": NOTHING_RUNS,
        "Cache-Control": AN_HOUR,
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(content, content_type="application/pdf", headers=headers)
