"""Prompt texts as versioned files; `versions.toml` pins each text's version and digest."""
