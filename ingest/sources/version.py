"""The version of all parsers together, apart so that it can be read at no cost."""

READER_VERSION = "4"
"""Part of every revision and fingerprint: a better parser reads everything anew."""
