"""Behaviour of Nightdesk, shown against the lab."""
