"""The program in the admin: series (series.py) with their review (review.py), and the changes that hubs ask for."""

from sessions_app.admin.change_requests import ChangeRequestAdmin
from sessions_app.admin.series import SeriesAdmin, SeriesForm

__all__ = ["ChangeRequestAdmin", "SeriesAdmin", "SeriesForm"]
