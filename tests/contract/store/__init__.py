"""What bot.ports.store promises, on every database that is supported."""
