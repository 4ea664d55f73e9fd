"""What the hubs app does, one module for each part of it."""
