"""Alerts as foreign senders tell them, read into the domain's own; and who may tell them."""
