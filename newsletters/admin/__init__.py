"""The admin of subscribers, newsletter issues and publications. Each module registers its models."""

from newsletters.admin import issues, publications

__all__ = ["issues", "publications"]
