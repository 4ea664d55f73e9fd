"""The admin of subscribers, newsletter issues and publications. Each module registers its models."""

from newsletters.admin import consent, issues, publications

__all__ = ["consent", "issues", "publications"]
