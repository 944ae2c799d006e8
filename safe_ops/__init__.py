"""The write side: the only code that may ever change a cluster or an account.

It imports neither `bot` nor Slack nor a model client; the import contracts hold it to that
from the first commit, before its first operation lands.
"""
