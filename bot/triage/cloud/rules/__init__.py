"""Rules over what was seen of cloud resources, one family of faults a file."""
