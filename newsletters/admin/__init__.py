"""The admin of subscribers, newsletter issues and publications. Each module registers its models."""
