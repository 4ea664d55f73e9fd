"""Registering, "My sessions", links in emails, joining, colleagues and the personal calendar."""
