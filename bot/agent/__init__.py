"""The tool-calling loop and what surrounds it; knows neither Slack nor Kubernetes."""
