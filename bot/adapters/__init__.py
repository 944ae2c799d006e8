"""Implementations of the ports; vendor packages and their exceptions stop here."""
