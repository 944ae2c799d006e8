"""Read-only tools, for the model and for people who type a command."""
