"""What the flows, tools and the agent need from the outside, said as Protocols."""
