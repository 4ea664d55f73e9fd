"""The emails of this app: about subscriptions, issues of the newsletter, and session news. Texts: templates/newsletters/email/."""
