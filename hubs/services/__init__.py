"""What hubs do: their pages and logos, their teams (team.py), and organizations that want to become one (interest.py)."""
