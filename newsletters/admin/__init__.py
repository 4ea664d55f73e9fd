"""The admin of subscribers, newsletter issues and publications. Each module registers its models."""

from newsletters.admin import consent  # noqa: F401 - register the models
