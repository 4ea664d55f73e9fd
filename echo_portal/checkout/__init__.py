"""What exists only in a development checkout: engines, launcher, set-up, sample data, mailbox, galleries, checks, translations."""
