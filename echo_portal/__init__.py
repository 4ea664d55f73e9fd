"""The portal of the Palliative Care ECHO Project.

Time zone rules come from the pinned `tzdata` package, never from the machine. Every process (web, worker, beat, commands,
tests) imports this package first, so the search path is emptied here.
"""

import os
import zoneinfo

os.environ["PYTHONTZPATH"] = ""
zoneinfo.reset_tzpath(to=())
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "echo_portal.settings")
