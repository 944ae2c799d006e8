"""Whole journeys: real processes of the product over the lab."""
