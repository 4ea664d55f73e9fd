"""The account pages: allauth's flows in the portal's words, and what the portal knows about a person."""
