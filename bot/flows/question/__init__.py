"""The question journey: received at the desk, answered by a worker, in one thread."""
