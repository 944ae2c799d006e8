"""Reads of the alerts an Alertmanager holds."""
