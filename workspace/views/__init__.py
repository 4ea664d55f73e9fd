"""The workspace's views, one module for each part of it."""
