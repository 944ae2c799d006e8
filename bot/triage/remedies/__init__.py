"""What to do about a finding: relief for now, the cure, and the change of code where it is one."""
