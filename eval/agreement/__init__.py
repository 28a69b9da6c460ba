"""Whether the metrics are right: random cases, a literal reference of our own, and independent libraries."""
