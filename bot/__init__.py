"""The bot: listens in Slack, investigates with read-only tools, answers with evidence.

Floors, top to bottom: `__main__`, `entrypoints`, `bootstrap`, `adapters` and `flows`, `tools` and
`triage`, `agent`, `ports`, then `domain`, `settings` and `log`. A floor imports downwards only.
"""
