"""Reads of Kubernetes clusters over the official client's connections; the port is its contract."""
