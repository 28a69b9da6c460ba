"""Learning from a desk's own resolved tickets: what is learned is adopted only when later tickets confirm it."""
