"""What hubs do: their teams (team.py), and organizations that want to become one (interest.py)."""
