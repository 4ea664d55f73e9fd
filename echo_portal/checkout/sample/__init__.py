"""Sample data: a small program to look at (scale 1), up to the size that the portal is built for (scale 100). Never in
production.

The program stands in sessions_app/sample/, one file for national programming and one for each hub; when its sessions take
place is dates.py's matter, who is in them handful.py's and people.py's.
"""

from echo_portal.checkout.sample.handful import STAFF_EMAIL, STAFF_PASSWORD, is_loaded, load_handful
from echo_portal.checkout.sample.many import load_many
from echo_portal.checkout.sample.people import PROVIDER_EMAIL

__all__ = ["PROVIDER_EMAIL", "STAFF_EMAIL", "STAFF_PASSWORD", "is_loaded", "load_handful", "load_many"]
