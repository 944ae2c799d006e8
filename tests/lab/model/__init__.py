"""A Messages API server on loopback, with a brain that tests choose and outages they switch on."""
