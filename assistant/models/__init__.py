"""Embedders and chat models; the only home of torch, onnxruntime, sentence-transformers and langchain."""
