"""Sample data for development: from a small program (scale 1) to the size that the portal is built for (scale 100).

The program files are in sessions_app/sample/, one for national programming and one for each hub. dates.py moves the sessions to
the weeks around today. people.py creates the people, and handful.py registers them. teams.py gives two hubs their teams and their
work in progress. newsletters.py makes subscribers, issues of the newsletter and the overview. many.py adds rows for larger scales.
"""

from echo_portal.checkout.sample.handful import STAFF_EMAIL, STAFF_PASSWORD, is_loaded, load_handful
from echo_portal.checkout.sample.many import load_many
from echo_portal.checkout.sample.people import PROVIDER_EMAIL
from echo_portal.checkout.sample.teams import COORDINATOR_EMAIL

__all__ = [
    "COORDINATOR_EMAIL",
    "PROVIDER_EMAIL",
    "STAFF_EMAIL",
    "STAFF_PASSWORD",
    "is_loaded",
    "load_handful",
    "load_many",
]
