"""Reads of AWS accounts over botocore; the port is its contract."""
