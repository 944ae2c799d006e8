"""The composition root: each process's parts, wired by hand.

Nothing is connected before a process needs it, and each process gets only what its role may hold.
"""
