"""10,000 odd requests to every URL with every method, signed out, as a provider and as staff: none returns a 5xx."""

import os

import pytest

from tests import fuzzing


@pytest.mark.django_db
def test_no_odd_request_returns_a_5xx():
    seed = int(os.environ.get("FUZZ_SEED", "20261124"))
    count = int(os.environ.get("FUZZ_REQUESTS", "10000"))
    statuses, failures = fuzzing.send(fuzzing.make_target(), count, seed)
    print(f"\n{count} odd requests (FUZZ_SEED={seed}): {dict(sorted(statuses.items()))}")
    assert not failures, f"{len(failures)} of {count}, the first ten:\n" + "\n\n".join(failures[:10])
    assert statuses[200] > count / 20  # many requests reached a page
