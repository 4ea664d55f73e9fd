"""The workspace's forms, one module for each part of it."""
