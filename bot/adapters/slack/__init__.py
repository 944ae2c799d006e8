"""Slack as a port: its limits, its blocks, its calls, and nothing about clusters."""
