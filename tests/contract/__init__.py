"""Contracts: what each simulator and each adapter must show to real clients."""
