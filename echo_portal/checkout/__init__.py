"""Tools for development only: engines, launcher, set-up, sample data, mailbox, galleries, checks and translations."""
