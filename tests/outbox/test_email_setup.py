"""What `check_email_setup` finds missing; the DNS answers are given."""

import pytest
from django.core.management import CommandError, call_command

from outbox.email_setup import UNSEEN, complaints

GOOD = {
    "echo.example.ca": ["google-site-verification=x", "v=spf1 include:mail.example.ca -all"],
    "s1._domainkey.echo.example.ca": ["v=DKIM1; k=rsa; p=MIIB"],
    "_dmarc.echo.example.ca": ["v=DMARC1; p=none; rua=mailto:d@example.ca"],
}
SIGNED = b"DKIM-Signature: v=1; a=rsa-sha256; d=%b; s=s1;\r\n h=From:To:Subject%b; b=x\r\nList-Unsubscribe: <https://x>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\nHello"


def run(
    records=GOOD, *, selector="s1", message=SIGNED % (b"echo.example.ca", b":List-Unsubscribe:List-Unsubscribe-Post")
):
    return complaints(
        "sessions@echo.example.ca", txt=lambda name: records.get(name, []), selector=selector, message=message
    )


def test_all_is_well_where_all_is_there():
    assert run() == []


@pytest.mark.parametrize(
    ("name", "records", "says"),
    [
        ("echo.example.ca", [], "has no SPF record"),
        ("echo.example.ca", ["v=spf1 -all", "v=spf1 mx -all"], "has 2 SPF records"),
        ("echo.example.ca", ["v=spf1 mx +all"], "lets anybody send"),
        ("echo.example.ca", ["v=spf1 mx"], "has no end"),
        ("echo.example.ca", ["v=spf1 " + "include:a.example.ca " * 11 + "-all"], "needs 11 lookups"),
        ("s1._domainkey.echo.example.ca", [], "has no DKIM key"),
        ("s1._domainkey.echo.example.ca", ["v=DKIM1; p="], "is withdrawn"),
        ("_dmarc.echo.example.ca", [], "has no DMARC record"),
        ("_dmarc.echo.example.ca", ["v=DMARC1; rua=mailto:x@example.ca"], "says no policy"),
    ],
)
def test_what_is_missing_is_named_with_what_to_do(name, records, says):
    (found,) = run(GOOD | {name: records})
    assert says in found


def test_dmarc_of_the_organization_counts_for_its_subdomain():
    records = {key: value for key, value in GOOD.items() if not key.startswith("_dmarc")}
    assert run(records | {"_dmarc.example.ca": ["v=DMARC1; p=reject"]}) == []


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (b"Subject: x\r\n\r\nHello", "no DKIM signature"),
        (SIGNED % (b"provider.example.com", b""), "does not align"),
        (SIGNED % (b"echo.example.ca", b":List-Unsubscribe"), "does not cover list-unsubscribe-post"),
        (SIGNED % (b"mail.echo.example.ca", b""), "does not cover list-unsubscribe, list-unsubscribe-post"),
    ],
)
def test_the_signature_of_a_mail_that_arrived_is_looked_at(message, says):
    (found,) = run(message=message)
    assert says in found


def test_what_cannot_be_seen_is_said():
    assert run(message=b"") == [UNSEEN]
    assert "EMAIL_DKIM_SELECTOR" in run(selector="")[0]


def test_the_command_says_it_and_what_to_do_next(monkeypatch, capsys, tmp_path):
    from outbox.management.commands import check_email_setup

    monkeypatch.setattr(check_email_setup, "txt_records", lambda _name: [])
    call_command("check_email_setup")
    out = capsys.readouterr().out
    assert "has no SPF record" in out
    assert "sessions@echo.example.ca: 4 to look at." in out
    with pytest.raises(CommandError, match="There is no file"):
        call_command("check_email_setup", message=tmp_path / "none.eml")
