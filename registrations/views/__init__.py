"""Registering, "my sessions", the links in mail, joining, colleagues and the personal calendar."""
