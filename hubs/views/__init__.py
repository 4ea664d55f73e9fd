"""The pages of hubs that list no sessions. A hub's page and the list of hubs show sessions: `sessions_app/hub_views.py`."""
