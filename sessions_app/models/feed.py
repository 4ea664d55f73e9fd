from django.db import models


class Feed(models.Model):
    """A cached calendar feed (feeds.py)."""

    name = models.CharField(max_length=80)
    language = models.CharField(max_length=2)
    content = models.BinaryField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "language"], name="feed_one_a_name_and_language")]
