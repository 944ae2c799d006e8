"""The lab's log server, and the real one where it is installed."""
