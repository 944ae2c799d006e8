"""Values of the field: no vendor, no wire format, no I/O."""
