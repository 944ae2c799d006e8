"""The doorbell and its worker on a real Redis, with processes that really die."""
