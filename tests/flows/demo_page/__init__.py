"""The demo page in a real browser, with an app of the tests' own behind it."""
