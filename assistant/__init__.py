"""The core: finds, drafts, verifies, decides, and keeps the gap log. Imports neither ingest, eval nor ui."""
