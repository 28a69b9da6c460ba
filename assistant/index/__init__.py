"""Disposable index generations built from the store; the only home of chromadb."""
