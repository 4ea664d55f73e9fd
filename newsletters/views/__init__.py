"""Subscribing, the preferences of subscribers, and leaving."""
