"""The account pages: allauth's views with our own texts, the profile, and the export of a person's data."""
