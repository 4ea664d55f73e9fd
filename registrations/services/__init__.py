"""What the registrations app does, one module for each noun (docs/structure.md: seats, the outbox).

Every service locks the series' row before it touches a registration, and two series in the order of their keys. So two
transactions never wait for each other in a circle.
"""

from registrations.services.attendance import record_attendance, record_intention
from registrations.services.changes import notify_recording, notify_session_changes, record_session_change
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
    delete_unanswered_invitations,
    expire_invitations,
    invite,
    may_invite,
)
from registrations.services.messages import (
    Audience,
    IncompleteMessageError,
    NobodyError,
    Texts,
    audience_of,
    audience_sizes,
    count_languages,
    send_message,
)
from registrations.services.people import cancel_everything, delete_unproven_accounts, upcoming_registrations
from registrations.services.reminders import queue_due_reminders
from registrations.services.seats import (
    NotForThisAudienceError,
    RegistrationRefusedError,
    cancel,
    fill_free_seats,
    register,
    switch_to_recording,
)
from registrations.services.series import apply_series_change, close_due_waitlists
from registrations.services.staff import (
    NoFreeSeatError,
    NoSeatError,
    cancel_for,
    check_hub_may_promote,
    move,
    moved_to,
    promote,
    register_for,
)
