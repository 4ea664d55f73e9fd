"""The minute a series opens: 300 providers, 40 at a time, for 100 seats, over HTTP through gunicorn with 2 workers.

First those who are signed in, one click each; then newcomers through both pages. After each the tables are checked: no seat
too many, none lost, and the line in the order of arrival. Beside it stands the bare transaction on the same Postgres.

The people come from three hospitals, each behind one address: the rate limits have to let them all in.
"""

import http.client
import os
import statistics
import sys
import threading
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from bench.pages import gunicorn, prepare

PEOPLE, AT_A_TIME, SEATS = 300, 40, 100
EMPTY_ANSWERS, SHARE_OF_EMPTY = 7, 0.08
PORT = 8713
SECRET = "b" * 32  # the CSRF cookie and the form say the same, as they do for a browser
HOSPITALS = ["192.0.2.1", "192.0.2.2", "198.51.100.7"]


@dataclass
class Settled:
    person: str  # their address
    asked: float  # monotonic seconds: when the last request left
    settled: float  # when its answer was there
    began: float


class Visitor:
    """One person's browser: cookies, a connection a request."""

    def __init__(self, number: int, **cookies: str) -> None:
        self.cookies = {"csrftoken": SECRET, "known": "1", "zone": "America/Toronto", **cookies}
        self.address = HOSPITALS[number % len(HOSPITALS)]

    def ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> tuple[int, str]:
        """(status, where it leads) of one request; cookies are kept."""
        line = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
        body = urllib.parse.urlencode({**(fields or {}), "csrfmiddlewaretoken": SECRET}) if method == "POST" else None
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Forwarded-For": self.address,
        }
        line.request(method, path, body, headers)
        answer = line.getresponse()
        answer.read()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            if name in ("sessionid", "csrftoken"):
                self.cookies[name] = value
        line.close()
        return answer.status, answer.headers.get("Location", "")


def _series(slug: str):
    from django.utils import timezone

    from sessions_app.models import Series, Session

    now = timezone.now()
    series = Series.objects.create(
        slug=slug,
        title_en=slug,
        publication="published",
        registration_opens_at=now - timedelta(days=1),
        capacity=SEATS,
        waitlist_enabled=True,
    )
    for week in range(3):
        start = now + timedelta(days=20, weeks=week)
        Session.objects.create(series=series, starts_at=start, ends_at=start + timedelta(hours=1))
    return series


def _signed_in(count: int) -> list[tuple[str, str]]:
    """(address, session key) of people who have a profile and are signed in."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from accounts.models import ProviderProfile, User

    found = []
    for number in range(count):
        user = User.objects.create(email=f"person{number}@example.ca", name=f"Person {number}", password="!")
        ProviderProfile.objects.create(user=user, profession="registered-nurse", province="ON")
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        found.append((user.email, session.session_key))
    return found


def _burst(work, count: int) -> tuple[list[Settled], float]:
    """`work(n)` for each of `count` people, AT_A_TIME at a time; gives what they saw and how long all of it took."""
    begin = time.monotonic()
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        seen = list(pool.map(work, range(count)))
    return seen, time.monotonic() - begin


def one_click(slug: str, people: list[tuple[str, str]]):
    def work(number: int) -> Settled:
        email, key = people[number]
        visitor = Visitor(number, sessionid=key)
        asked = time.monotonic()
        status, where = visitor.ask("POST", f"/en/registration/{slug}/")
        assert (status, where) == (302, "/en/registration/mine/"), (status, where)
        return Settled(email, asked, time.monotonic(), asked)

    return work


def two_pages(slug: str):
    """A newcomer's requests: the form, sending it, the code page, sending the code, and the page that follows."""

    def work(number: int) -> Settled:
        email, path = f"newcomer{number}@example.ca", f"/en/registration/{slug}/"
        visitor, began = Visitor(number), time.monotonic()
        assert visitor.ask("GET", path)[0] == 200
        fields = {"name": f"Newcomer {number}", "email": email, "profession": "physician", "province": "QC"}
        status, where = visitor.ask("POST", path, fields)
        assert (status, where) == (302, f"{path}code/"), (status, where)
        assert visitor.ask("GET", where)[0] == 200
        code = _code(email)
        asked = time.monotonic()
        status, where = visitor.ask("POST", where, {"code": code})
        settled = time.monotonic()
        assert (status, where) == (302, "/en/registration/mine/"), (status, where)
        assert visitor.ask("GET", where)[0] == 200
        return Settled(email, asked, settled, began)

    return work


def empty_answers(number: int) -> None:
    """The same client's requests to a page that does nothing, EMPTY_ANSWERS for each person."""
    visitor = Visitor(number)
    for _ in range(EMPTY_ANSWERS):
        assert visitor.ask("GET", "/healthz")[0] == 200


def _code(email: str) -> str:
    """Out of the ledger: no worker runs here, so no mail goes out."""
    from django.db import connection

    from outbox.models import Message

    try:
        return Message.objects.get(message_type="code", to=email).data["code"]
    finally:
        connection.close()


def check(slug: str, seen: list[Settled]) -> list[str]:
    """What is wrong in the tables after the burst; nothing, one hopes."""
    from outbox.models import Message
    from registrations.models import Registration
    from sessions_app.models import Series

    series = Series.objects.get(slug=slug)
    places = list(Registration.objects.filter(series=series).select_related("user"))
    confirmed = [place for place in places if place.state == "confirmed"]
    line = sorted((p for p in places if p.state == "waitlisted"), key=lambda p: (p.waitlisted_at, p.pk))
    wrong = []
    if (len(confirmed), len(line), series.seats_taken) != (SEATS, len(seen) - SEATS, SEATS):
        wrong.append(f"{len(confirmed)} confirmed, {len(line)} waiting, {series.seats_taken} seats taken")
    told = Message.objects.filter(data__registration__in=[place.pk for place in places]).count()
    if told != len(seen):
        wrong.append(f"{told} messages for {len(seen)} people")
    times = {one.person: one for one in seen}
    order = [times[place.user.email] for place in line]
    if any(later.settled < earlier.asked for n, earlier in enumerate(order) for later in order[n + 1 :]):
        wrong.append("somebody who was settled before another had asked stands behind them")
    first_asked_of_line = min(one.settled for one in order)
    if any(times[place.user.email].asked > first_asked_of_line for place in confirmed):
        wrong.append("somebody got a seat who asked after another had been put in line")
    return wrong


def bare(count: int = 3000, threads: int = 8) -> float:
    """Update, insert, insert, commit: as fast as this Postgres does it for one series."""
    import psycopg2

    def line():
        return psycopg2.connect(os.environ["DATABASE_URL"])

    with line() as made, made.cursor() as cursor:
        cursor.execute("CREATE TABLE bare_series (id int PRIMARY KEY, taken int, seats int)")
        cursor.execute("INSERT INTO bare_series VALUES (1, 0, 1000000)")
        cursor.execute(
            "CREATE TABLE bare_place (id bigserial PRIMARY KEY, series int, person int, UNIQUE (series, person))"
        )
        cursor.execute("CREATE TABLE bare_message (id bigserial PRIMARY KEY, key text UNIQUE, data jsonb)")

    def work(thread: int) -> None:
        mine = line()
        with mine.cursor() as cursor:
            for person in range(thread, count, threads):
                cursor.execute("UPDATE bare_series SET taken = taken + 1 WHERE id = 1 AND taken < seats")
                cursor.execute("INSERT INTO bare_place (series, person) VALUES (1, %s)", [person])
                cursor.execute("INSERT INTO bare_message (key, data) VALUES (%s, '{}')", [f"registered:{person}"])
                mine.commit()
        mine.close()

    workers = [threading.Thread(target=work, args=[n]) for n in range(threads)]
    begin = time.monotonic()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return count / (time.monotonic() - begin)


def _say(name: str, seen: list[Settled], seconds: float, *, target: str = "") -> tuple[float, float]:
    rate = len(seen) / seconds
    last = [one.settled - one.asked for one in seen]
    whole = [one.settled - one.began for one in seen]
    p95 = statistics.quantiles(last, n=20)[-1]
    print(f"{name + ': settled a second':<44}{rate:>9.0f}   {target}")
    print(f"{name + ': last request, p50':<44}{statistics.median(last) * 1000:>6.0f} ms")
    print(f"{name + ': last request, p95':<44}{p95 * 1000:>6.0f} ms   {'target: under 1,000 ms' if target else ''}")
    if whole != last:
        print(f"{name + ': both pages, p50':<44}{statistics.median(whole) * 1000:>6.0f} ms")
    return rate, p95


def main() -> int:
    prepare()
    _series("one-click")
    _series("newcomers")
    _series("warming-up")
    people = _signed_in(PEOPLE)
    with gunicorn("echo_portal.wsgi:application", PORT, PROXIES="1"):
        _burst(one_click("warming-up", people), 40)  # a portal that has run for a while, not one that has just started
        clicked, seconds = _burst(one_click("one-click", people), PEOPLE)
        rate, p95 = _say("signed in", clicked, seconds, target="target: at least 100")
        came, seconds = _burst(two_pages("newcomers"), PEOPLE)
        newcomers, _p95 = _say("newcomers", came, seconds)
        seconds_empty = statistics.median(_burst(empty_answers, PEOPLE)[1] for _ in range(3))
    share = newcomers / (PEOPLE / seconds_empty)
    print(f"{'newcomers, of the rate of empty answers':<44}{share:>9.1%}   target: at least {SHARE_OF_EMPTY:.0%}")
    print(f"{'bare transaction on this Postgres':<44}{bare():>9.0f}")
    wrong = check("one-click", clicked) + check("newcomers", came)
    print(f"{'tables after both':<44}{'; '.join(wrong) or 'right':>9}")
    return 0 if rate >= 100 and p95 < 1 and share >= SHARE_OF_EMPTY and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
