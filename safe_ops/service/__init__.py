"""From a request to its end: propose, decide, execute, verify, undo."""
