"""The gap log: signals, causes, themes, impact, and whether a fix worked."""
