"""Question to cited draft or gap: retrieve, draft, verify, decide."""
