"""Takes personal and secret things out of contacts before anything is stored, embedded, indexed or logged.

Tickets, mail and questions pass through here; published articles do not. Pure functions, no model: what a
helpdesk already knows (names, addresses) and what has a checksum or a shape is found; names that nobody told
are the business of an optional `NameFinder`.
"""

from assistant.redaction.redact import Finding, Redacted, Redactor, redacted, redacted_together
from assistant.redaction.rules import Known, NameFinder, Person, Rules

__all__ = ["Finding", "Known", "NameFinder", "Person", "Redacted", "Redactor", "Rules", "redacted", "redacted_together"]
