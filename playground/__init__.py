"""A local Slack workspace: the Web API, Socket Mode and a page to act in, all in one process."""
