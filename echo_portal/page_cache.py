"""Cache public pages in memory. They are the same for all readers with the same language and time zone.

A cached page is valid until the program's version changes (sessions_app/version.py), and at most until the next full minute,
because registration opens and closes on the minute. If the cache server is down, nothing is cached. Each process keeps at
most MAX_BYTES and drops the least recently used pages.
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
    "embed:hub",
    "embed:sessions",
    "privacy",
    "hubs:detail",
    "hubs:list",
    "hubs:feed",
    "newsletters:detail",
    "newsletters:feed",
    "newsletters:list",
    "newsletters:publications",
    "sessions:calendar_month",
    "sessions:detail",
    "sessions:feed",
    "sessions:language_feed",
    "sessions:list",
    "sessions:series_ics",
    "sessions:past",
}
MAX_BYTES = 32 * 1024 * 1024
CACHE_HEADERS = {"Cache-Control": "no-cache", "Vary": "Cookie, Accept-Encoding"}
ALSO_ON_A_304 = (*CACHE_HEADERS, "Access-Control-Allow-Origin")

Key = tuple[str, str, str, str | None]


@dataclass
class Page:
    """A cached response. The compressed body is created when it is first requested."""

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
        return len(self.body) * 2  # includes the compressed body


class PageStore:
    """The cached pages of this process, most recently used last. Safe for use by several threads."""

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
    """Answers from the cache before other middleware runs. Caches responses of PUBLIC_PAGES with status 200 and no cookies."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.store = PageStore()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        version = programme_version() if request.method in ("GET", "HEAD") else None
        if version is None:
            return self.get_response(request)
        # includes the scheme, because requests over plain http are redirected to https
        key = (
            request.scheme or "",
            request.path_info,
            request.META.get("QUERY_STRING", ""),
            known_zone(request.COOKIES.get(ZONE_COOKIE)),
        )
        minute = int(time.time()) // 60
        page = self.store.get(key, version, minute)
        if page:
            request.get_host()  # raises DisallowedHost if the Host header is not allowed
            return _make_response(request, page)
        response = self.get_response(request)
        if not _is_cacheable(request, response):
            return response
        page = _make_page(response, version, minute)
        self.store.put(key, page)
        return _make_response(request, page)


def _is_cacheable(request: HttpRequest, response: HttpResponse) -> bool:
    match = request.resolver_match
    if not match or match.view_name not in PUBLIC_PAGES or response.status_code != 200:  # noqa: PLR2004
        return False
    session = getattr(request, "session", None)  # a page that reads the session is for one reader
    return not response.cookies and not (session and session.accessed)


def _make_page(response: HttpResponse, version: str, minute: int) -> Page:
    cache_control = {"Cache-Control": response["Cache-Control"]} if response.has_header("Cache-Control") else {}
    headers = dict(response.items()) | CACHE_HEADERS | cache_control
    return Page(body=response.content, headers=headers, version=version, minute=minute)


def _make_response(request: HttpRequest, page: Page) -> HttpResponse:
    if request.META.get("HTTP_IF_NONE_MATCH") == page.etag:
        headers = {name: page.headers[name] for name in ALSO_ON_A_304 if name in page.headers}
        return HttpResponseNotModified(headers={"ETag": page.etag, **headers})
    gzipped = "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", "")
    body = page.gzipped if gzipped else page.body
    response = HttpResponse(body, headers=page.headers | {"ETag": page.etag, "Content-Length": str(len(body))})
    if gzipped:
        response["Content-Encoding"] = "gzip"
    return response
