"""The alert journey: admitted to an incident, looked into by a worker, told in one thread."""
