"""Where the outside calls in: Slack, HTTP, the queue, the clock."""
