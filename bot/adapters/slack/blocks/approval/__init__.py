"""Cards and modals of guarded operations, built from an action and its plan alone."""
