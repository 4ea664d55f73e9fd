"""Hubs (hubs.py) and organizations that want to become one (interest.py) in the admin."""

from hubs.admin import hubs, interest  # noqa: F401 - register the models
