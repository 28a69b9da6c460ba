"""What a text of a reply may not carry out: the kinds of violation, and what vouches for the rest.

Below the guard, which decides what becomes of a part. Retrieved text is data: a text may name what its cited public
sources, this ticket, or enough of the knowledge hold, and nothing else.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from assistant.answering.addresses import (
    Address,
    addresses,
    common_hosts,
    emails,
    host_of,
    is_reserved,
    same_owner,
)
from assistant.answering.disguise import bare, plain
from assistant.answering.identifiers import codes, secrets
from assistant.answering.instructions import addresses_a_model, is_tainted
from assistant.answering.language import words
from assistant.answering.seen import Seen, seen_in, squeezed
from assistant.domain import Passage, Question

ADDRESS = "an address that is no cited source's and that fewer than three articles name (see answering.known_hosts)"
EMAIL = "an e-mail address that is neither in this ticket nor a cited source's"
IDENTIFIER = "a number or code that is neither in this ticket nor in a cited public source"
NAME = "a name that is neither in this ticket nor in a cited source"
MARKUP = "markup"
HIDDEN = "hidden characters"
CANARY = "a protected text"
INSTRUCTION = "an instruction to the model"
ECHO = "words of the prompt"


@dataclass(frozen=True, slots=True)
class Policy:
    """What a desk adds: texts that must never leave; hosts, codes and words its knowledge vouches for; the prompt."""

    canaries: tuple[str, ...] = ()
    hosts: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    prompt: str = ""


def vouched(texts: Iterable[str], *, canaries: Sequence[str] = (), least: int = 3) -> Policy:
    """The policy of a knowledge: what at least `least` of its texts mention is no single planted page's.

    >>> vouched(["Error AB-4711x", "see AB-4711x", "AB-4711x!"]).codes
    frozenset({'ab4711x'})
    """
    kept = [plain(text) for text in texts]
    keys = Counter(code for text in kept for code in secrets(text))
    said = Counter(word for text in kept for word in _known_words(text))
    return Policy(
        canaries=tuple(canaries),
        hosts=common_hosts(kept, least=least),
        codes=frozenset(code for code, count in keys.items() if count >= least),
        words=frozenset(word for word, count in said.items() if count >= least),
    )


# --- what a part may mention -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Allowed:
    """What a part that cites `sources` (whole versions) may mention in a reply to `question`, read as it is needed.

    Internal sources vouch for no address and no code, and neither does a text that addresses a model.
    """

    sources: tuple[Passage, ...]
    question: Question
    policy: Policy

    @cached_property
    def urls(self) -> frozenset[str]:
        """The cited sources' own addresses."""
        return frozenset(source.url for source in self.sources if source.url)

    @cached_property
    def hosts(self) -> frozenset[str]:
        """Theirs, and those that the knowledge vouches for."""
        return frozenset(host_of(url) for url in self.urls) | self.policy.hosts

    @cached_property
    def foreign(self) -> tuple[str, ...]:
        """Letters and digits of the other hosts that the sources or the ticket link to, from eight on."""
        texts = (self._ticket, *(plain(source.text) for source in self.sources))
        linked = frozenset[tuple[str, str]]().union(*map(_linked_hosts, texts))
        return tuple(name for host, name in linked if not same_owner(host, self.hosts))

    @cached_property
    def text(self) -> str:
        """What vouches for an address, plain and in lower case."""
        return "\n".join(map(_folded, self._sound))

    @cached_property
    def emails(self) -> frozenset[str]:
        """Those of this ticket and of the cited sources."""
        vouching = (text for text in (*self._public, self._ticket) if not is_tainted(text))
        return frozenset[str]().union(*map(_known_emails, vouching))

    @cached_property
    def codes(self) -> frozenset[str]:
        """Numbers of this ticket and of the cited sources, letters and digits only; a secret-looking code only when two
        of ticket, sources and knowledge hold it, since whoever plants a page or writes in can make one up.
        """
        asked = frozenset[str]() if is_tainted(self._ticket) else codes(self._ticket)
        told = frozenset[str]().union(*map(codes, self._sound))
        secret = frozenset[str]().union(*map(secrets, (*self._sound, self._ticket)))
        vouched_for = ((asked | told) - secret) | (asked & told) | ((asked | told) & self.policy.codes)
        return vouched_for | codes(plain(self._titles))

    def has_word(self, word: str) -> bool:
        """Whether the ticket, a cited source or the knowledge uses the word, given in lower case."""
        texts = (*self._public, plain(self._titles), self._ticket, self.question.requester)
        return word in self.policy.words or any(word in _known_words(text) for text in texts)

    @cached_property
    def _ticket(self) -> str:
        return plain(self.question.full_text)

    @cached_property
    def _public(self) -> tuple[str, ...]:
        cited = (source for source in self.sources if source.audience == "public" and source.kind != "ticket")
        return tuple(plain(source.text) for source in cited)

    @cached_property
    def _sound(self) -> tuple[str, ...]:
        return tuple(text for text in self._public if not is_tainted(text))

    @property
    def _titles(self) -> str:
        return " ".join(source.title for source in self.sources)


@lru_cache(maxsize=512)
def _linked_hosts(text: str) -> frozenset[tuple[str, str]]:
    """The hosts that a text links to, and their letters and digits, from eight on."""
    hosts = {address.host for address in addresses(text) if address.sort == "url" and address.host}
    return frozenset((host, name) for host in hosts if len(name := bare(host)) >= 8)


@lru_cache(maxsize=512)
def _folded(text: str) -> str:
    return text.casefold()


@lru_cache(maxsize=512)
def _known_emails(text: str) -> frozenset[str]:
    return frozenset(emails(text))


@lru_cache(maxsize=512)
def _known_words(text: str) -> frozenset[str]:
    return frozenset(words(text))


def read_ahead(source: Passage) -> None:
    """Read what a whole version vouches for, which is remembered, before a draft that cites it has to wait for it."""
    text = plain(source.text)
    for reading in (_linked_hosts, _folded, _known_words, is_tainted, codes, secrets):
        reading(text)


# --- violations --------------------------------------------------------------------------------------------

_ECHO_WORDS = 7
_SENDS = re.compile(
    r"\b(?:go|going|head|browse|navigate|surf|connect)(?: over)? to\W*$|\bvisit(?:ing)?\W*$", re.IGNORECASE
)


def violations(text: str, allowed: Allowed) -> tuple[str, ...]:
    """Every kind of violation in `text`, each once; empty when it may stand."""
    seen, policy = seen_in(text), allowed.policy
    checks = (
        (HIDDEN, seen.is_hiding),
        (MARKUP, seen.has_markup),
        (CANARY, seen.is_like_a_canary or _holds_canary(text, policy.canaries)),
        (INSTRUCTION, addresses_a_model(text)),
        (ECHO, _echoes(text, policy.prompt)),
        (ADDRESS, _foreign_address(text, seen, allowed)),
        (EMAIL, any(_foreign_email(email, allowed) for email in seen.emails)),
        (IDENTIFIER, bool(seen.identifiers) and not seen.identifiers <= allowed.codes),
        (NAME, _foreign_name(seen, allowed)),
    )
    return tuple(kind for kind, found in checks if found)


def _holds_canary(text: str, canaries: Sequence[str]) -> bool:
    wanted = [code for canary in canaries if (code := bare(canary))]
    return bool(wanted) and any(code in form or code in form[::-1] for form in squeezed(text) for code in wanted)


def _foreign_address(text: str, seen: Seen, allowed: Allowed) -> bool:
    """In what is written any unknown address counts; in its other readings what a program would follow."""
    addresses = (*seen.written, *seen.followed)
    if any(is_foreign(address, allowed) or _is_visited(address, text, allowed) for address in addresses):
        return True
    return bool(allowed.foreign) and any(name in form for form in squeezed(text) for name in allowed.foreign)


def is_foreign(address: Address, allowed: Allowed) -> bool:
    """Whether nothing that may vouch for the address does."""
    if address.sort == "url" and _is_source(address.text, allowed):
        return False
    if address.text.casefold() not in allowed.text:
        return address.sort != "dotted" or not _is_sentence_end(address.text)
    if address.sort in ("local", "dotted"):
        return False
    host = host_of(address.text)
    if address.sort == "url" and is_reserved(host) and not same_owner(host, frozenset(map(host_of, allowed.urls))):
        return True  # an example in the text is no page to send anybody to
    is_join = address.sort == "host" and address.text.rpartition(".")[2][:1].isupper() and address.text[:1].islower()
    return not (same_owner(host, allowed.hosts) or is_join)


def _is_visited(address: Address, text: str, allowed: Allowed) -> bool:
    """Whether what may be a file is where one is sent: "open notes.zip" names a file, "go to notes.zip" a host."""
    if address.sort != "dotted" or same_owner(host_of(address.text), allowed.hosts):
        return False
    return any(_SENDS.search(text[: match.start()]) for match in re.finditer(re.escape(address.text), text))


def _is_source(url: str, allowed: Allowed) -> bool:
    """Byte for byte a cited source's own address, with or without a place inside it."""
    return any(
        url == own or (url.startswith(f"{own}#") and re.fullmatch(r"#[\w-]{1,80}", url[len(own) :]))
        for own in allowed.urls
    )


def _is_sentence_end(text: str) -> bool:
    """Whether a dotted word is two sentences that lack the space between them."""
    return text.rpartition(".")[2][:1].isupper()


def _foreign_email(email: str, allowed: Allowed) -> bool:
    if email not in allowed.emails:
        return True
    if email not in allowed.text:
        return False  # the customer's own, from this ticket
    return not same_owner(email.rpartition("@")[2], allowed.hosts)


def _foreign_name(seen: Seen, allowed: Allowed) -> bool:
    """Whether any name is of words that neither the ticket nor a cited source ever uses."""
    return any(not any(allowed.has_word(word.removesuffix("'s")) for word in name) for name in seen.names)


@lru_cache(maxsize=8192)
def _echoes(text: str, prompt: str) -> bool:
    if not prompt:
        return False
    said = words(text)
    return any(" ".join(said[i : i + _ECHO_WORDS]) in _spoken(prompt) for i in range(len(said) - _ECHO_WORDS + 1))


@lru_cache(maxsize=8)
def _spoken(prompt: str) -> str:
    return " ".join(words(prompt))


def violations_of(
    text: str, sources: Sequence[Passage], question: Question, policy: Policy = Policy()
) -> tuple[str, ...]:
    """Every kind of violation in a text that cites these whole versions in a reply to `question`."""
    return violations(text, Allowed(tuple(sources), question, policy))
