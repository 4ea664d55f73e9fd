"""The admin of subscribers, newsletter issues and publications. Each module registers its models."""

from newsletters.admin import consent, issues, publications, subscribers

__all__ = ["consent", "issues", "publications", "subscribers"]
