"""What depends on what in a cluster or account, as a graph and in words."""
