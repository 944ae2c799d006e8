"""The evaluation suite: troubles as data, and what an honest expert says of each."""
