"""Who may tell us alerts over HTTP: each sender's own way of signing, checked on the raw bytes."""
