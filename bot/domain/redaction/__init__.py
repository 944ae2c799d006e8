"""Text and trees without their secrets: pure, total, and linear in the input's length."""
