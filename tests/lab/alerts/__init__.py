"""Alerts as their senders write them, one file a shape, for tests and for posting to the lab."""
