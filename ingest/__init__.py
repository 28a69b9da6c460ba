"""Sources become documents, versions, chunks and vectors in the store, then an index generation."""
