"""The account pages: allauth's own flows, in the portal's words; and what the portal knows of a person."""
