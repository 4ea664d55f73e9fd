"""Newsletters: the stay-connected form, subscribers and consent. The room stands empty until its forms are built."""
