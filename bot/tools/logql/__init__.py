"""The LogQL tool: which log queries may be asked, and how their lines are told."""
