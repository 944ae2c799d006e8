"""Language models over the network: Anthropic's API, Amazon Bedrock, and the chain of both."""
