"""Every error that Waypost raises on purpose.

    WaypostError
    ├── UsageError            the caller's input is wrong; a retry does not help
    │   ├── SettingsError     an unknown key or a value out of range
    │   └── UnreadableItem    one record or file cannot be read; the run goes on without it
    ├── DataDirectoryError    missing, not writable, damaged, or from a newer version
    ├── DirectoryInUse        another process owns the data directory; retry helps when it ends
    ├── IndexUnavailable      the vector index failed or timed out; exact search takes over
    ├── ModelError            weights missing or not the ones expected
    ├── ChatModelError        the configured chat model failed; the extractive draft takes over
    ├── NotYet                it is being made or has to wait for its time; a later call may find it
    ├── SourceError           a website or helpdesk outside failed, refused or is not to be asked; what came in is kept
    └── NotFound              no such draft, document, gap or source for this caller

A message says what was expected, what was found, and what to do next.
"""

from __future__ import annotations


class WaypostError(Exception):
    """Root of the tree. `retry` says whether the same call may succeed later."""

    retry = False


class UsageError(WaypostError):
    """The caller's input is wrong."""


class SettingsError(UsageError):
    """A setting is unknown or out of range."""


class UnreadableItem(UsageError):
    """One record or file cannot be read; it is quarantined with this message as the reason."""


class DataDirectoryError(WaypostError):
    """The data directory is missing, not writable, damaged, or from a newer version."""


class DirectoryInUse(WaypostError):
    """Another process owns the data directory."""

    retry = True


class IndexUnavailable(WaypostError):
    """The vector index failed, timed out or is being rebuilt."""

    retry = True


class ModelError(WaypostError):
    """Model weights are missing or are not the expected ones."""


class ChatModelError(WaypostError):
    """The configured chat model failed within its deadline."""

    retry = True


class NotYet(WaypostError):
    """What is asked for will be there later."""

    retry = True


class SourceError(WaypostError):
    """A source outside failed; `retry` says whether a later run may succeed, `wait_s` how long it asked to wait."""

    def __init__(self, message: str, *, retry: bool = True, wait_s: float = 0.0) -> None:
        super().__init__(message)
        self.retry = retry
        self.wait_s = wait_s


class NotFound(WaypostError):
    """Nothing of that id exists for this caller."""
