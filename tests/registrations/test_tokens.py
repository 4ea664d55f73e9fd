"""Links in emails keep working after an upgrade: a token made earlier, with the same key, is read in the same way."""

from registrations import tokens

JOIN = "12-34:RXhzy6YiAdPJacj6EDjL-xVXDKn2-hMhgdiDtLibQEc"
REGISTRATION = "12-34:Ve6Kf5kquRqjDeoG-jHEsGyWUC-bP3TwZnrnn7sZO9I"


def test_links_in_emails_that_were_sent_earlier_still_work(monkeypatch):
    for signer in (tokens._join, tokens._registration):
        monkeypatch.setattr(signer, "key", "a key that these tokens were made with")
    assert tokens.read_join_token(JOIN) == (12, 34)
    assert tokens.read_registration_token(REGISTRATION) == (12, 34)
