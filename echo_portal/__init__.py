"""The portal of the Palliative Care ECHO Project.

Time zone rules come from the pinned `tzdata` package, never from the machine: this package is
imported first by every process (web, worker, beat, commands, tests), so the search path is emptied here.
"""

import os
import zoneinfo

os.environ["PYTHONTZPATH"] = ""
zoneinfo.reset_tzpath(to=())
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "echo_portal.settings")
