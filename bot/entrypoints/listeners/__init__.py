"""One module for each kind of delivery, each with `register(app, deps)`."""
