"""One file per format: bytes or text in, visible text with its structure out; what is risky runs in the sandbox."""
