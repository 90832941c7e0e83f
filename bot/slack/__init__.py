"""What Slack sees: cards, forms and lines are pure; only the gateway talks."""
