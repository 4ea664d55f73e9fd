"""Names that a Django developer would look for: a registration has a state, and a waitlist closes.

Renaming a column or a table takes a moment's lock and rewrites nothing. Postgres follows the column in constraints and indexes by
itself, so those change in Django's state only.
"""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("registrations", "0005_invitation_by_address")]

    operations = [
        migrations.RenameField("registration", "place", "state"),
        migrations.RenameIndex("registration", new_name="registration_waitlist", old_name="registration_line"),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveConstraint("registration", "registration_one_active_a_person"),
                migrations.AddConstraint(
                    "registration",
                    models.UniqueConstraint(
                        fields=["series", "user"],
                        condition=~Q(state="cancelled"),
                        name="registration_one_active_a_person",
                    ),
                ),
                migrations.RemoveIndex("registration", "registration_waitlist"),
                migrations.AddIndex(
                    "registration",
                    models.Index(
                        fields=["series", "waitlisted_at"],
                        name="registration_waitlist",
                        condition=Q(state="waitlisted"),
                    ),
                ),
            ]
        ),
        migrations.RunSQL(
            "UPDATE registrations_registration SET end_reason = 'waitlist-closed' WHERE end_reason = 'line-closed'",
            "UPDATE registrations_registration SET end_reason = 'line-closed' WHERE end_reason = 'waitlist-closed'",
        ),
        migrations.RenameField("intention", "said_at", "answered_at"),
        migrations.RenameModel("StaffAct", "StaffAction"),
        migrations.RenameField("staffaction", "act", "action"),
        migrations.RenameModel("Announced", "Announcement"),
    ]
