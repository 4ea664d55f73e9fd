"""`check_email_setup` finds problems with SPF, DKIM and DMARC. The DNS records are faked."""

import pytest
from django.core.management import CommandError, call_command

from outbox.email_setup import UNSEEN, complaints

VALID_RECORDS = {
    "echo.example.ca": ["google-site-verification=x", "v=spf1 include:mail.example.ca -all"],
    "s1._domainkey.echo.example.ca": ["v=DKIM1; k=rsa; p=MIIB"],
    "_dmarc.echo.example.ca": ["v=DMARC1; p=none; rua=mailto:d@example.ca"],
}
SIGNED = b"DKIM-Signature: v=1; a=rsa-sha256; d=%b; s=s1;\r\n h=From:To:Subject%b; b=x\r\nList-Unsubscribe: <https://x>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\nHello"


def run(
    records=VALID_RECORDS,
    *,
    selector="s1",
    message=SIGNED % (b"echo.example.ca", b":List-Unsubscribe:List-Unsubscribe-Post"),
):
    return complaints(
        "sessions@echo.example.ca", txt=lambda name: records.get(name, []), selector=selector, message=message
    )


def test_a_complete_setup_has_no_complaints():
    assert run() == []


@pytest.mark.parametrize(
    ("name", "records", "complaint"),
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
def test_each_problem_has_its_own_complaint(name, records, complaint):
    (found,) = run(VALID_RECORDS | {name: records})
    assert complaint in found


def test_the_dmarc_record_of_the_parent_domain_counts():
    records = {key: value for key, value in VALID_RECORDS.items() if not key.startswith("_dmarc")}
    assert run(records | {"_dmarc.example.ca": ["v=DMARC1; p=reject"]}) == []


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        (b"Subject: x\r\n\r\nHello", "no DKIM signature"),
        (SIGNED % (b"provider.example.com", b""), "does not align"),
        (SIGNED % (b"echo.example.ca", b":List-Unsubscribe"), "does not cover list-unsubscribe-post"),
        (SIGNED % (b"mail.echo.example.ca", b""), "does not cover list-unsubscribe, list-unsubscribe-post"),
    ],
)
def test_the_dkim_signature_of_a_received_email_is_checked(message, complaint):
    (found,) = run(message=message)
    assert complaint in found


def test_the_complaints_mention_what_cannot_be_checked():
    assert run(message=b"") == [UNSEEN]
    assert "EMAIL_DKIM_SELECTOR" in run(selector="")[0]


def test_the_command_prints_the_complaints_and_their_number(monkeypatch, capsys, tmp_path):
    from outbox.management.commands import check_email_setup

    monkeypatch.setattr(check_email_setup, "txt_records", lambda _name: [])
    call_command("check_email_setup")
    out = capsys.readouterr().out
    assert "has no SPF record" in out
    assert "sessions@echo.example.ca: 4 to look at." in out
    with pytest.raises(CommandError, match="There is no file"):
        call_command("check_email_setup", message=tmp_path / "none.eml")
