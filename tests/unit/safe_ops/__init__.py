"""The write side by itself: no network, no vendors."""
