"""One module per kind of source; each yields documents."""
