"""Newsletters: the stay-connected form, subscribers and consent. Not built yet."""
