"""Requests to the outside: only to public addresses, bounded in time and size, retried with manners."""
