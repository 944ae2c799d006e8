"""The values of the write side: plans, actions, what was read, what was ruled."""
