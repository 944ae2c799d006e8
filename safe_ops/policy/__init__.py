"""What people decided beforehand: who approves which operation, where, when, and what never."""
