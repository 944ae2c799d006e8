"""A Slack workspace on loopback: real SDKs talk to it, tests act in it as people."""
