"""Measure the admin's pages about 140,000 subscribers (`--subscribers`) and an issue that all of them were sent.

Half of its emails did not arrive. Each page is opened three times, and the quickest counts. At last the exports, and the
dry run of a file of 10,000 subscribers. Seconds are those of the processor, here and in the database, because the machine
is shared.
"""

import argparse
import io
import resource
import sys
from collections.abc import Callable, Iterator
from typing import Any

from bench.pages import prepare
from bench.processor import processor_seconds

ROUNDS, IMPORTED = 3, 10_000
MAX_SECONDS, MAX_QUERIES, MAX_EXPORT_MB = 1, 10, 20
LIST, CONSENT, ISSUE = (f"/en/admin/newsletters/{name}/" for name in ("subscriber", "consentevent", "issue"))
PAGES = {
    "subscribers": LIST,
    "last page": f"{LIST}?p=1400",
    "part of an address": f"{LIST}?q=son1399",
    "three letters": f"{LIST}?q=son",
    "nobody": f"{LIST}?q=zzzz",
    "active": f"{LIST}?state=active",
    "paused": f"{LIST}?state=paused",
    "unsubscribed": f"{LIST}?state=unsubscribed",
    "topic": f"{LIST}?topic=reminders",
    "language": f"{LIST}?language__exact=fr",
    "province": f"{LIST}?province__exact=ON",
    "profession": f"{LIST}?profession__exact=pharmacist",
    "all filters": f"{LIST}?state=active&topic=reminders&language__exact=fr&province__exact=ON&profession__exact=student",
    "sorted by province": f"{LIST}?o=5",
    "record of consent": CONSENT,
    "record, last page": f"{CONSENT}?p=2800",
    "record of an address": f"{CONSENT}?q=person77@example.ca",
    "record, one action": f"{CONSENT}?action__exact=confirmed",
    "send an issue": f"{ISSUE}{{draft}}/send/",
    "send, audience of a hub": f"{ISSUE}{{hub}}/send/",
    "result": f"{ISSUE}{{sent}}/result/",
    "not reached": f"{ISSUE}{{sent}}/unreached/",
    "not reached, last page": f"{ISSUE}{{sent}}/unreached/?page=700",
    "not reached, bounced": f"{ISSUE}{{sent}}/unreached/?reason=bounced",
    "not reached, address": f"{ISSUE}{{sent}}/unreached/?q=son13999",
    "progress": f"{ISSUE}{{sending}}/progress/",
}

SUBSCRIBERS = """
    INSERT INTO newsletters_subscriber (name, profession, province, organization, language, topics, reminder_days, email,
        token, subscribed_at, unsubscribed_at, paused_until)
    SELECT 'Person ' || n, (%s)[1 + n %% %s], (%s)[1 + n / 20 %% %s], '', CASE WHEN n %% 4 = 0 THEN 'fr' ELSE 'en' END,
        CASE WHEN n %% 3 = 0 THEN '{newsletter}'::varchar[] ELSE '{newsletter,reminders}' END, 7,
        'person' || n || '@example.ca', md5(n::text), now() - n * interval '1 minute',
        CASE WHEN n %% 10 = 0 THEN now() END, CASE WHEN n %% 50 = 1 THEN now() + interval '1 month' END
    FROM generate_series(1, %s) n
"""
CONSENT_EVENTS = """
    INSERT INTO newsletters_consentevent (at, email, action, topics, wording, wording_version, language, page, detail)
    SELECT subscribed_at, email, action, topics, repeat('I agree. ', 40), '1', language, '/en/', '{}'
    FROM newsletters_subscriber, unnest('{asked,confirmed}'::varchar[]) AS action
"""
EMAILS = """
    INSERT INTO outbox_message (key, message_type, is_bulk, bulk_send_id, "to", language, data, state, not_before,
        expires_at, attempts, subject, reason, created_at, settled_at)
    SELECT %s || id, 'newsletter', true, %s, email, language, '{}', (%s::varchar[])[1 + id %% 6], now(), now(), 0, '',
        '451 Try again later.', now(), now()
    FROM newsletters_subscriber
"""
REPORTS = """
    INSERT INTO outbox_deliveryreport (message_id, kind, detail, at)
    SELECT id, CASE WHEN id % 12 = 0 THEN 'bounced' ELSE 'delivered' END, '550 No such user.', now()
    FROM outbox_message WHERE state = 'sent'
"""
STATES = {
    "sent": ["sent", "sent", "sent", "failed", "uncertain", "suppressed"],
    "sending": ["sent", "sent", "queued", "queued", "failed", "unsubscribed"],
}


def fill_database(subscribers: int) -> dict[str, int]:
    """Add everything. Returns the issues: a draft, one for a hub's people, one that was sent, and one that is being sent."""
    from django.db import connection
    from django.utils import timezone

    from accounts.choices import Profession, Province
    from hubs.models import Hub
    from newsletters.models import Issue
    from outbox.models import BulkSend

    professions, provinces, now = list(Profession.values), list(Province.values), timezone.now()
    text = {"title_en": "News", "title_fr": "Nouvelles", "body_en": "Hello", "body_fr": "Bonjour"}
    issues = {name: Issue.objects.create(slug=name, **text) for name in ("draft", "hub")}
    issues["hub"].audience_hubs.add(Hub.objects.first())
    with connection.cursor() as cursor:
        cursor.execute(SUBSCRIBERS, [professions, len(professions), provinces, len(provinces), subscribers])
        cursor.execute(CONSENT_EVENTS)
        for state, states in STATES.items():
            send = BulkSend.objects.create(key=state, audience=subscribers, started_at=now)
            issues[state] = Issue.objects.create(slug=state, state=state, published_at=now, bulk_send=send, **text)
            cursor.execute(EMAILS, [f"{state}:", send.pk, states])
        cursor.execute(REPORTS)
        cursor.execute("VACUUM ANALYZE")
    return {name: issue.pk for name, issue in issues.items()}


def measure(client: Any, url: str) -> tuple[float, int]:
    """Return the seconds and the queries that a page takes."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    times = []
    for _ in range(ROUNDS):
        begin = processor_seconds()
        with CaptureQueriesContext(connection) as queries:
            response = client.get(url)
        times.append(processor_seconds() - begin)
        assert response.status_code == 200, (url, response.status_code)
    return min(times), len(queries)


def file_to_import(rows: int) -> bytes:
    wording = "Yes, please email me the newsletter of the Palliative Care ECHO Project. I can unsubscribe at any time."
    lines = (f"new{n}.person{n}@example.org,en,newsletter,2024-05-31,Form on pallium.ca,{wording}" for n in range(rows))
    return "\n".join(["email,language,topics,consent_date,consent_source,consent_wording", *lines]).encode()


def timed(name: str, run: Callable[[], object], target: str = "") -> tuple[float, float]:
    """Print and return the seconds that something takes, and by how many MB the process grows."""
    before, begin = _peak_mb(), processor_seconds()
    what = run()
    seconds, grown = processor_seconds() - begin, _peak_mb() - before
    print(f"{name:<30}{seconds:>8.2f} seconds, {grown:.0f} MB more memory, {what}{target}")
    return seconds, grown


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--subscribers", type=int, default=140_000)
    people = parser.parse_args().subscribers
    prepare()
    from django.db import connection
    from django.test import Client

    from accounts.models import User

    issues = fill_database(people)
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(User.objects.create_superuser("staff@example.ca", "!"))
    with connection.cursor() as cursor:  # or other processes would take part, whose time is not counted
        cursor.execute("SET max_parallel_workers_per_gather = 0")
    worst_seconds, worst_queries = 0.0, 0
    for name, url in PAGES.items():
        seconds, queries = measure(client, url.format(**issues))
        worst_seconds, worst_queries = max(worst_seconds, seconds), max(worst_queries, queries)
        print(
            f"{name:<30}{seconds:>8.2f} seconds{queries:>4} queries   target: at most {MAX_SECONDS} and {MAX_QUERIES}"
        )

    def export(url: str) -> str:
        content: Iterator[bytes] = client.get(url).streaming_content
        return f"{sum(map(len, content)) / 1_000_000:.1f} MB of CSV"

    def dry_run() -> str:
        file = io.BytesIO(file_to_import(IMPORTED))
        file.name = "people.csv"
        page = client.post(f"{LIST}import/", {"file": file}).content.decode()
        return "accepted" if "Nothing was written yet." in page else "refused"

    target = f"   target: at most {MAX_EXPORT_MB} MB"
    _seconds, grown = timed("export", lambda: export(f"{LIST}export/"), target)
    _seconds, also = timed(
        "export of who was not reached", lambda: export(f"{ISSUE}{issues['sent']}/unreached.csv"), target
    )
    timed(f"dry run of {IMPORTED:,} rows", dry_run)
    is_light = max(grown, also) <= MAX_EXPORT_MB
    return 0 if worst_seconds <= MAX_SECONDS and worst_queries <= MAX_QUERIES and is_light else 1


if __name__ == "__main__":
    sys.exit(main())
