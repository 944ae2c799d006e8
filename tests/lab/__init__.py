"""The lab: simulators that speak HTTP, so that the real SDKs run unpatched.

One simulated world; a Slack server, a Kubernetes API server and a Messages API server show
it to the bot in each vendor's own protocol. Used by tests, by the demo and by the benchmarks.
"""
