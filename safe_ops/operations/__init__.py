"""The closed catalogue: one file a family; what is not here cannot be done."""
