"""Pure code alone: no process, no socket, no clock but a fixed one."""
