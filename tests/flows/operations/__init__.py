"""Guarded operations over real processes, from an order in Slack to its end in the cluster."""
