"""The admin of subscribers, newsletter issues and publications. Each module registers its models."""

from newsletters.admin import subscribers  # noqa: F401 - registers its model
