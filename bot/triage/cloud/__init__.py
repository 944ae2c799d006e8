"""Triage of cloud accounts: facts, rules and questions, without a model."""
