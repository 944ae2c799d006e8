"""The Web API methods of the lab's Slack, one module per family."""
