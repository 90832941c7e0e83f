"""The rules of escalation, in pure Python."""
