"""Check that receivers can trust the configured sender: SPF, DKIM, DMARC and their alignment.

Rules: RFC 7208 (SPF), RFC 6376 (DKIM), RFC 7489 §3.1 (alignment); RFC 8058 §4 (the unsubscribe headers must be signed).
"""

import email
import email.policy
import re
from collections.abc import Callable, Iterable

Txt = Callable[[str], list[str]]  # the TXT records of a name; none where it has none

UNSUBSCRIBE_HEADERS = ("list-unsubscribe", "list-unsubscribe-post")
MOST_LOOKUPS = 10  # RFC 7208 §4.6.4


def complaints(sender: str, *, txt: Txt, selector: str = "", message: bytes = b"") -> list[str]:
    """Return one sentence for each problem, with what to do about it. An empty list is good.

    `sender` is the From address, `selector` the DKIM key's name, `message` an email as it arrived.
    """
    domain = sender.rpartition("@")[2].lower()
    found = [*_spf(domain, txt), *_dkim(domain, selector, txt), *_dmarc(domain, txt)]
    return found + (_signature(domain, message) if message else [UNSEEN])


UNSEEN = (
    "Whether DKIM covers the unsubscribe headers cannot be seen in DNS: give a mail that arrived, with --message FILE, "
    "to have its signature looked at."
)


def _spf(domain: str, txt: Txt) -> Iterable[str]:
    records = [record for record in txt(domain) if record.lower().startswith("v=spf1")]
    if not records:
        return [f"{domain} has no SPF record: add a TXT record “v=spf1 include:… -all” that names the mail server."]
    if len(records) > 1:
        return [f"{domain} has {len(records)} SPF records, and then none counts: put them into one."]
    (record,) = records
    terms = [term.lstrip("+-~?") for term in record.lower().split()[1:]]
    lookups = sum(bool(re.match(r"(include|exists|redirect)[:=]|(a|mx|ptr)([:/]|$)", term)) for term in terms)
    found = []
    if re.search(r"(^|\s)\+?all(\s|$)", record.lower()):
        found.append(f"The SPF record of {domain} ends in “+all”, which lets anybody send: write “-all” or “~all”.")
    elif not re.search(r"[-~?]all|redirect=", record.lower()):
        found.append(f"The SPF record of {domain} has no end: add “-all” or “~all”.")
    if lookups > MOST_LOOKUPS:
        found.append(f"The SPF record of {domain} needs {lookups} lookups, and ten are allowed: name fewer servers.")
    return found


def _dkim(domain: str, selector: str, txt: Txt) -> Iterable[str]:
    if not selector:
        return ["The DKIM key is not known: set EMAIL_DKIM_SELECTOR to the name that the mail server signs with."]
    name = f"{selector}._domainkey.{domain}"
    keys = [record for record in txt(name) if "p=" in record]
    if not keys:
        return [f"{name} has no DKIM key: publish the one that the mail server signs with."]
    if re.search(r"p=\s*(;|$)", keys[0]):
        return [f"The DKIM key at {name} is withdrawn (its p= is empty): publish a new one."]
    return []


def _dmarc(domain: str, txt: Txt) -> Iterable[str]:
    records = [record for record in txt(f"_dmarc.{domain}") if record.lower().startswith("v=dmarc1")]
    if not records:
        parent = domain.partition(".")[2]
        records = (
            [record for record in txt(f"_dmarc.{parent}") if record.lower().startswith("v=dmarc1")]
            if "." in parent
            else []
        )
    if not records:
        return [
            f"_dmarc.{domain} has no DMARC record: begin with “v=DMARC1; p=none; rua=mailto:…”, and read the reports."
        ]
    if not re.search(r"\bp=(none|quarantine|reject)\b", records[0].lower()):
        return [f"The DMARC record of {domain} says no policy: add p=none, p=quarantine or p=reject."]
    return []


def _signature(domain: str, message: bytes) -> list[str]:
    """Return what is wrong with the DKIM signatures: one must be aligned and cover the unsubscribe headers."""
    parsed = email.message_from_bytes(message, policy=email.policy.default)
    signatures = [_tags(str(value)) for value in parsed.get_all("DKIM-Signature", [])]
    aligned = [tags for tags in signatures if _is_aligned(tags.get("d", ""), domain)]
    if not signatures:
        return ["The mail that arrived bears no DKIM signature: turn signing on at the mail server."]
    if not aligned:
        names = ", ".join(tags.get("d", "?") for tags in signatures)
        return [
            f"The mail is signed by {names}, which does not align with {domain}: have it signed by {domain} (DMARC)."
        ]
    there = [name for name in UNSUBSCRIBE_HEADERS if name in (key.lower() for key in parsed)]
    covered = [{name.strip().lower() for name in tags.get("h", "").split(":")} for tags in aligned]
    missing = [name for name in there if not any(name in names for names in covered)]
    return (
        [f"DKIM does not cover {', '.join(missing)}: add to the headers that the mail server signs (RFC 8058)."]
        if missing
        else []
    )


def _tags(value: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in re.sub(r"\s+", "", value).split(";"))
    return {name: content for name, _equals, content in pairs if name}


def _is_aligned(signed_by: str, domain: str) -> bool:
    """Whether two domains are aligned in relaxed mode: they are the same, or one is under the other."""
    signed_by = signed_by.lower()
    return signed_by == domain or signed_by.endswith(f".{domain}") or domain.endswith(f".{signed_by}")
