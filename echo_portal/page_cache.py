"""Cache public pages in memory. They are the same for every reader of one language and zone.

The cache is emptied when the program's version changes (sessions_app/version.py), and at every full minute, because
registration opens and closes on the minute. If the cache server is down, nothing is cached. Each process keeps at most
MAX_BYTES, the newest pages.
"""

import gzip
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from threading import Lock

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified

from accounts.zones import ZONE_COOKIE, known_zone
from sessions_app.version import programme_version

PUBLIC_PAGES = {
    "home",
    "about",
    "accessibility",
    "contact",
    "privacy",
    "hubs:detail",
    "hubs:list",
    "hubs:feed",
    "sessions:calendar_month",
    "sessions:detail",
    "sessions:feed",
    "sessions:language_feed",
    "sessions:list",
    "sessions:series_ics",
    "sessions:past",
}
MAX_BYTES = 32 * 1024 * 1024
SHOWN_HEADERS = {"Cache-Control": "no-cache", "Vary": "Cookie, Accept-Encoding"}

Key = tuple[str, str, str, str | None]


@dataclass
class Page:
    """A whole response. Variants that only some readers need (the compressed body) are made when first requested."""

    body: bytes
    headers: dict[str, str]
    version: str
    minute: int

    @cached_property
    def etag(self) -> str:
        return f'"{hashlib.blake2b(self.body, digest_size=12).hexdigest()}"'

    @cached_property
    def gzipped(self) -> bytes:
        return gzip.compress(self.body, compresslevel=5, mtime=0)

    @property
    def size(self) -> int:
        return len(self.body) * 2  # room for the zipped one too


class Shelf:
    """The cached pages of this process, the most recently used last. Threads share it."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.pages: OrderedDict[Key, Page] = OrderedDict()
        self.size = 0

    def get(self, key: Key, version: str, minute: int) -> Page | None:
        with self.lock:
            page = self.pages.get(key)
            if page is None or page.version != version or page.minute != minute:
                return None
            self.pages.move_to_end(key)
            return page

    def put(self, key: Key, page: Page) -> None:
        with self.lock:
            self._drop(key)
            self.pages[key] = page
            self.size += page.size
            while self.size > MAX_BYTES:
                self._drop(next(iter(self.pages)))

    def _drop(self, key: Key) -> None:
        page = self.pages.pop(key, None)
        self.size -= page.size if page else 0


class PageCacheMiddleware:
    """Answers from the cache before anything else runs. Caches successful responses of PUBLIC_PAGES that set no cookie."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.shelf = Shelf()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        version = programme_version() if request.method in ("GET", "HEAD") else None
        if version is None:
            return self.get_response(request)
        # the scheme too: what is asked for over plain http is sent on to https, and never kept
        key = (
            request.scheme or "",
            request.path_info,
            request.META.get("QUERY_STRING", ""),
            known_zone(request.COOKIES.get(ZONE_COOKIE)),
        )
        minute = int(time.time()) // 60
        page = self.shelf.get(key, version, minute)
        if page:
            request.get_host()  # a foreign Host is refused here too
            return _answer(request, page)
        response = self.get_response(request)
        if not _is_for_everyone(request, response):
            return response
        page = _keep(response, version, minute)
        self.shelf.put(key, page)
        return _answer(request, page)


def _is_for_everyone(request: HttpRequest, response: HttpResponse) -> bool:
    match = request.resolver_match
    if not match or match.view_name not in PUBLIC_PAGES or response.status_code != 200:  # noqa: PLR2004
        return False
    session = getattr(request, "session", None)  # a page that reads the session is for one reader
    return not response.cookies and not (session and session.accessed)


def _keep(response: HttpResponse, version: str, minute: int) -> Page:
    own = {"Cache-Control": response["Cache-Control"]} if response.has_header("Cache-Control") else {}
    headers = dict(response.items()) | SHOWN_HEADERS | own
    return Page(body=response.content, headers=headers, version=version, minute=minute)


def _answer(request: HttpRequest, page: Page) -> HttpResponse:
    if request.META.get("HTTP_IF_NONE_MATCH") == page.etag:
        shown = {name: page.headers[name] for name in SHOWN_HEADERS}
        return HttpResponseNotModified(headers={"ETag": page.etag, **shown})
    zipped = "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", "")
    body = page.gzipped if zipped else page.body
    response = HttpResponse(body, headers=page.headers | {"ETag": page.etag, "Content-Length": str(len(body))})
    if zipped:
        response["Content-Encoding"] = "gzip"
    return response
