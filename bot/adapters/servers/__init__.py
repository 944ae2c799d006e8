"""Servers that the registry names beside a cluster: metrics, logs and alerts are reached alike."""
