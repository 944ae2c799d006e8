"""A Kubernetes API server over a simulated cluster, for the official client and for kubectl."""
