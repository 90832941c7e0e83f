"""The bot: rules, messages, what Slack sees, and the services that tie them together."""
