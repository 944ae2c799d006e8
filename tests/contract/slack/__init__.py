"""The product's Slack side against the lab's server, through the real SDK and Bolt."""
