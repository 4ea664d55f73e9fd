"""10,000 odd requests to every URL with every method, signed out, as a provider, a coordinator and staff: none returns a 5xx."""

import os
import time

import pytest

from outbox import alarms
from tests import fuzzing


@pytest.mark.django_db
def test_no_odd_request_returns_a_5xx(monkeypatch):
    # no sweep runs here, so /readyz would raise an alarm (503) if the requests take several minutes
    monkeypatch.setattr(alarms, "_process_began", time.monotonic() + 3600)
    seed = int(os.environ.get("FUZZ_SEED", "20261124"))
    count = int(os.environ.get("FUZZ_REQUESTS", "10000"))
    statuses, failures = fuzzing.send(fuzzing.make_target(), count, seed)
    print(f"\n{count} odd requests (FUZZ_SEED={seed}): {dict(sorted(statuses.items()))}")
    assert not failures, f"{len(failures)} of {count}, the first ten:\n" + "\n\n".join(failures[:10])
    assert statuses[200] > count / 20  # many requests reached a page
