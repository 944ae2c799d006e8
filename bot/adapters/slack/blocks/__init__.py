"""Cards and views as pure functions from domain values to Block Kit."""
