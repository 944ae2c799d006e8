"""What only metrics can tell of an incident: strain on workloads, and whether its alerts go on."""
