"""Reasons to say no: small pure decisions over what was read."""
