"""Own compact renderings of `kubectl describe`: what explains a state, and nothing else."""
