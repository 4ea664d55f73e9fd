"""What the registrations room does, by noun: DESIGN.md §4 (seats, outbox).

Every act locks the series' row before it touches a registration, and two series in the order of their keys, so that two acts
never wait for each other in a circle.
"""

from registrations.services.changes import note_change, tell_changes, tell_recording
from registrations.services.colleagues import ColleagueError, confirm_invitation, invite, let_invitations_lapse
from registrations.services.people import forget_unproven, leave_everything, places_ahead
from registrations.services.presence import attend, say_intention
from registrations.services.reminders import queue_due_reminders
from registrations.services.seats import (
    NotForThisAudienceError,
    RegistrationRefusedError,
    cancel,
    fill_free_seats,
    register,
    take_recording,
)
from registrations.services.series import answer_closed_lines, follow_series
from registrations.services.staff import NoSeatError, cancel_for, move, promote, register_for

__all__ = [
    "ColleagueError",
    "NoSeatError",
    "NotForThisAudienceError",
    "RegistrationRefusedError",
    "answer_closed_lines",
    "attend",
    "cancel",
    "cancel_for",
    "confirm_invitation",
    "fill_free_seats",
    "follow_series",
    "forget_unproven",
    "invite",
    "leave_everything",
    "let_invitations_lapse",
    "move",
    "note_change",
    "places_ahead",
    "promote",
    "queue_due_reminders",
    "register",
    "register_for",
    "say_intention",
    "take_recording",
    "tell_changes",
    "tell_recording",
]
