"""The live message of an investigation, as a native stream or as a message that is edited."""
