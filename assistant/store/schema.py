"""The schema version that this code expects, apart from the tables so that it can be read at no cost."""

HEAD = "0008"
"""The newest migration; a test holds it equal to alembic's own head."""
