"""Newsletters: the stay-connected form, subscribers and their consent, newsletter issues, session news and publications."""
