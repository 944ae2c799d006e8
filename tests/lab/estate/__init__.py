"""The simulated estate: what the clusters hold, and how a scenario file becomes that."""
