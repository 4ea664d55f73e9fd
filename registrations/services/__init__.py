"""What the registrations room does, by noun: DESIGN.md §4 (seats, outbox).

Every act locks the series' row before it touches a registration, and two series in the order of their keys, so that two acts
never wait for each other in a circle.
"""

from registrations.services.changes import note_change, tell_changes, tell_recording
from registrations.services.colleagues import (
    ColleagueError,
    InvitationError,
    InvitedTooOftenError,
    NotRegisteredError,
    OwnAddressError,
    TooManyHeldError,
    TooManyUnansweredError,
    asks_profession,
    confirm_invitation,
    forget_unanswered,
    invite,
    let_invitations_lapse,
    may_invite,
)
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
    "InvitationError",
    "InvitedTooOftenError",
    "NoSeatError",
    "NotForThisAudienceError",
    "NotRegisteredError",
    "OwnAddressError",
    "RegistrationRefusedError",
    "TooManyHeldError",
    "TooManyUnansweredError",
    "answer_closed_lines",
    "asks_profession",
    "attend",
    "cancel",
    "cancel_for",
    "confirm_invitation",
    "fill_free_seats",
    "follow_series",
    "forget_unanswered",
    "forget_unproven",
    "invite",
    "leave_everything",
    "let_invitations_lapse",
    "may_invite",
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
