"""The only code that sends a changing call to anything."""
