"""The HTTP face: routes, schemas, authentication."""
