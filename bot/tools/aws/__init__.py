"""The `aws` tools: listed reads of registered accounts, and the composites built from them."""
