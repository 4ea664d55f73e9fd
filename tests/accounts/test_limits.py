"""Rate limits by address and network: they stop strangers, but neither the owner nor a hospital. They hold in parallel."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import RequestFactory

from accounts import known_browser
from accounts.limits import A_DAY, may_send_email, may_try_code, network_of, record_correct_code, within_limits

OWNER, STRANGER = "192.0.2.1", "198.51.100.7"
ADDRESS = "amelie@example.ca"


def request_from(ip, **headers):
    return RequestFactory().post("/", REMOTE_ADDR=ip, **headers)


def tries(ip, count, address=ADDRESS, attempt=None):
    """Return how many of `count` guesses are allowed. Without `attempt`, each guess is at another code."""
    return sum(may_try_code(request_from(ip), address, attempt or f"{ip}-{number}") for number in range(count))


def emails(ip, count, address=ADDRESS):
    return sum(may_send_email(request_from(ip), address) for _ in range(count))


def proven_browser(ip, address, **headers):
    """Return the cookie header of a browser in which the address was proven."""
    request, response = request_from(ip, **headers), HttpResponse()
    assert may_send_email(request, address)
    assert may_try_code(request, address, f"a code to {address}")
    record_correct_code(request, address)
    known_browser.remember(request, response, address)
    cookie = response.cookies[known_browser.COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    return {"HTTP_COOKIE": f"{known_browser.COOKIE}={cookie.value}"}


def test_a_browser_remembers_the_newest_five_addresses():
    headers = {}
    for n in range(7):
        headers = proven_browser(OWNER, f"n{n}@example.ca", **headers)
    known = [bool(known_browser.browser_id(request_from(OWNER, **headers), f"n{n}@example.ca")) for n in range(7)]
    assert known == [False, False, True, True, True, True, True]
    assert "n6" not in headers["HTTP_COOKIE"]


class TestNetworks:
    def test_all_addresses_in_an_ipv6_prefix_are_one_network(self):
        one, other = "2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"
        assert network_of(request_from(one)) == network_of(request_from(other)) == "2001:db8:1:2::/64"
        assert network_of(request_from("2001:db8:1:3::1")) != network_of(request_from(one))

    def test_an_ipv4_mapped_address_is_the_ipv4_address(self):
        assert network_of(request_from("::ffff:192.0.2.1")) == network_of(request_from("192.0.2.1")) == "192.0.2.1"
        assert network_of(request_from("::ffff:192.0.2.2")) == "192.0.2.2"

    def test_allauth_sees_the_same_networks(self):
        from allauth.core.internal.ratelimit import get_ip

        assert get_ip(request_from("::ffff:192.0.2.1")) == "192.0.2.1"
        assert get_ip(request_from("2001:db8:1:2::1")) == get_ip(request_from("2001:db8:1:2::2"))

    def test_a_request_that_bypasses_the_proxies_counts_for_its_own_address(self, settings):
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2
        assert network_of(request_from("192.0.2.9", HTTP_X_FORWARDED_FOR="203.0.113.5")) == "192.0.2.9"
        assert network_of(request_from("192.0.2.9", HTTP_X_FORWARDED_FOR="203.0.113.5, 192.0.2.8")) == "203.0.113.5"

    def test_changing_addresses_within_a_prefix_does_not_help(self, settings):
        settings.RATE_LIMITS = settings.RATE_LIMITS | {"register-again": {"key": (99, 60), "ip": (3, 60)}}
        answers = [within_limits(request_from(f"2001:db8::{n}"), "register-again", str(n)) for n in range(1, 6)]
        assert answers == [True, True, True, False, False]


class TestGuesses:
    def test_guesses_by_a_colleague_do_not_lock_out_others_on_the_same_network(self):
        may_try_code(request_from(OWNER), ADDRESS, "first")
        record_correct_code(request_from(OWNER), ADDRESS)
        for number in range(120):
            tries(OWNER, 3, f"stranger{number}@example.ca", f"code-{number}")
        assert tries(OWNER, 1, "another@example.ca", "one more") == 0  # the network's own allowance is used up
        assert tries(OWNER, 1, attempt="their own code") == 1

    def test_parallel_guesses_at_one_code_stop_at_five(self):
        with ThreadPoolExecutor(16) as pool:
            allowed = list(pool.map(lambda _: may_try_code(request_from(STRANGER), ADDRESS, "one-code"), range(64)))
        assert sum(allowed) == 5

    def test_one_network_stops_at_20_guesses_for_an_address_over_all_codes(self):
        assert tries(STRANGER, 60) == 20

    def test_all_networks_together_stop_at_100_guesses_for_an_address(self):
        assert sum(tries(f"198.51.100.{n}", 20) for n in range(1, 11)) == 100

    @pytest.mark.drill
    def test_one_network_stops_at_300_guesses_over_all_addresses(self):
        assert sum(tries(STRANGER, 5, f"nurse{n}@example.ca", f"code-{n}") for n in range(300)) == 300

    def test_strangers_do_not_lock_the_owner_out_of_a_network_they_used_before(self):
        record_correct_code(request_from(OWNER), ADDRESS)
        for n in range(1, 11):
            tries(f"198.51.100.{n}", 20)
        assert tries("203.0.113.1", 1) == 0  # a new network is refused
        assert tries(OWNER, 5) == 5

    def test_one_stranger_does_not_lock_out_an_owner_who_never_signed_in(self):
        tries(STRANGER, 1000)
        assert tries(OWNER, 5) == 5

    def test_someone_on_the_same_network_does_not_lock_the_owner_out_of_a_known_browser(self):
        browser = proven_browser(OWNER, ADDRESS)
        assert tries(OWNER, 60) == 20
        assert may_try_code(request_from(OWNER, **browser), ADDRESS, "theirs")

    def test_strangers_on_many_networks_do_not_lock_out_a_known_browser_on_a_new_network(self):
        browser = proven_browser(OWNER, ADDRESS)
        for n in range(1, 11):
            tries(f"198.51.100.{n}", 20)
        assert tries("203.0.113.1", 1) == 0
        assert may_try_code(request_from("203.0.113.1", **browser), ADDRESS, "theirs")

    def test_a_known_browser_has_limits_too(self):
        browser = proven_browser(OWNER, ADDRESS)
        assert sum(may_try_code(request_from(OWNER, **browser), ADDRESS, f"code-{n}") for n in range(60)) == 20
        assert sum(may_try_code(request_from("203.0.113.1", **browser), ADDRESS, f"other-{n}") for n in range(60)) == 0

    def test_correct_codes_do_not_count(self):
        for number in range(50):
            assert may_send_email(request_from(OWNER), ADDRESS)
            assert may_try_code(request_from(OWNER), ADDRESS, f"code-{number}")
            record_correct_code(request_from(OWNER), ADDRESS)

    def test_an_address_in_capitals_counts_as_the_same_address(self):
        assert tries(STRANGER, 10) + tries(STRANGER, 30, ADDRESS.upper(), None) <= 20


class TestEmails:
    def test_a_stranger_can_send_six_emails_in_ten_minutes_and_the_owner_still_gets_theirs(self):
        assert emails(STRANGER, 30) == 6
        assert emails(OWNER, 3) == 3

    def test_an_address_gets_20_emails_a_day_from_strangers_and_the_owner_still_gets_codes(self):
        assert emails(OWNER, 1) == tries(OWNER, 1) == 1
        record_correct_code(request_from(OWNER), ADDRESS)
        assert sum(emails(f"198.51.100.{n}", 6) for n in range(1, 11)) == 20
        assert emails(OWNER, 3) == 3

    def test_a_known_browser_gets_codes_although_its_network_and_others_are_at_their_limit(self):
        browser = proven_browser(OWNER, ADDRESS)
        assert emails(OWNER, 30) == 6
        assert sum(emails(f"198.51.100.{n}", 6) for n in range(1, 11)) == 20
        assert may_send_email(request_from(OWNER, **browser), ADDRESS)
        assert may_send_email(request_from("203.0.113.1", **browser), ADDRESS)
        assert sum(may_send_email(request_from(OWNER, **browser), ADDRESS) for _ in range(30)) == 4

    def test_the_cookie_is_valid_for_one_address_and_cannot_be_forged(self):
        browser = proven_browser(OWNER, ADDRESS)
        other, another = "zoe@example.ca", "guy@example.ca"
        assert sum(may_send_email(request_from(OWNER, **browser), other) for _ in range(30)) == 6
        assert sum(emails(f"198.51.100.{n}", 6, another) for n in range(1, 11)) == 20
        forged = {"HTTP_COOKIE": browser["HTTP_COOKIE"][:-1] + "x"}
        assert known_browser.browser_id(request_from(OWNER, **forged), ADDRESS) is None
        assert known_browser.browser_id(request_from(OWNER, **browser), another) is None

    def test_a_network_can_enter_a_limited_number_of_addresses_with_or_without_an_account(self, settings):
        settings.RATE_LIMITS["send-email"] = settings.RATE_LIMITS["send-email"] | {"addresses": [(3, 3600)]}
        assert [emails(STRANGER, 1, f"n{n}@example.ca") for n in range(5)] == [1, 1, 1, 0, 0]
        assert emails(STRANGER, 1, "n4@example.ca") == 0  # a second try does not help
        assert emails(STRANGER, 1, "n1@example.ca") == 1  # an address entered before can get another code
        assert emails(OWNER, 1, "n4@example.ca") == 1

    @pytest.fixture(autouse=True)
    def own_limits(self, settings):
        settings.RATE_LIMITS = dict(settings.RATE_LIMITS)


def test_counters_expire_and_contain_no_readable_address(settings):
    may_send_email(request_from(OWNER), ADDRESS)
    may_try_code(request_from(OWNER), ADDRESS, "a")
    record_correct_code(request_from(OWNER), ADDRESS)
    client = cache._cache.get_client(None, write=True)
    keys = client.keys("*:*")
    counters = [key for key in keys if b"send-email" in key or b"try-code" in key or b"standing" in key]
    assert len(counters) > 8
    for key in counters:
        assert 0 < client.ttl(key) <= 90 * A_DAY, key
        assert b"amelie" not in key
        assert b"192" not in key


def test_without_the_cache_server_nobody_is_refused(settings):
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}}
    assert tries(OWNER, 3) == 3
    assert emails(OWNER, 3) == 3
