"""What the write side promises of clusters and accounts, over HTTP with the real clients."""
