"""What a draft may not carry out, enforced in code after it was phrased: addresses, identifiers, markup, secrets.

Runs on every draft, whoever phrased it. Retrieved text is data: even a model that obeys each instruction it
reads, or repeats all that it was shown, gets nothing past this page that its cited public sources and this
ticket do not hold. A part with a violation is removed whole, but for one whose only fault is an address that it
quotes: there "(…)" stands for the address, so that no step is missing. Notices name the kind, never the words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from assistant.answering.language import sentences, words
from assistant.answering.seen import Seen, seen_in, squeezed
from assistant.domain import Draft, Part, Passage, Question, Quote, Suggestion

VersionKey = tuple[str, int]

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


@dataclass(frozen=True, slots=True)
class Guarded:
    """The draft without what violated, and why, one line per kind; `shortened` are parts that lost an address."""

    draft: Draft
    notices: tuple[str, ...]
    removed: tuple[tuple[Part, str], ...] = ()
    shortened: tuple[Part, ...] = ()


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
        linked = frozenset[str]().union(*map(_linked_hosts, texts))
        named = (bare(host) for host in linked if not same_owner(host, self.hosts))
        return tuple(name for name in named if len(name) >= 8)

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
def _linked_hosts(text: str) -> frozenset[str]:
    return frozenset(address.host for address in addresses(text) if address.sort == "url" and address.host)


@lru_cache(maxsize=512)
def _folded(text: str) -> str:
    return text.casefold()


@lru_cache(maxsize=512)
def _known_emails(text: str) -> frozenset[str]:
    return frozenset(emails(text))


@lru_cache(maxsize=512)
def _known_words(text: str) -> frozenset[str]:
    return frozenset(words(text))


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
    if any(_is_foreign(address, allowed) or _is_visited(address, text, allowed) for address in addresses):
        return True
    return bool(allowed.foreign) and any(name in form for form in squeezed(text) for name in allowed.foreign)


def _is_foreign(address: Address, allowed: Allowed) -> bool:
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


# --- the guard ---------------------------------------------------------------------------------------------


def guarded(
    draft: Draft, whole: Mapping[VersionKey, Passage], question: Question, policy: Policy = Policy()
) -> Guarded:
    """The draft without parts, uncovered asks and suggested sentences that carry out what they may not.

    `whole` holds the complete versions that the parts' quotes are from; a part that cites anything else goes.
    """
    may = _Mentions(whole, question, policy)
    kept: list[Part] = []
    removed: list[tuple[Part, str]] = []
    shortened: list[Part] = []
    for part in draft.parts:
        kinds = _part_violations(part, may)
        without = _without_addresses(part, may) if kinds == (ADDRESS,) else None
        if without is not None:
            shortened.append(part)
            kept.append(without)
        elif kinds:
            removed.extend((part, kind) for kind in kinds[:1])
        else:
            kept.append(part)
    told = (_clean_suggestion(one, may(tuple(whole))) for one in draft.suggestions)
    clean = replace(
        draft,
        parts=tuple(kept),
        uncovered=tuple(text for text in draft.uncovered if not _outward(violations(text, may(())))),
        suggestions=tuple(suggestion for suggestion in told if suggestion is not None),
    )
    return Guarded(clean, (*_notices(removed), *_left_out(shortened)), tuple(removed), tuple(shortened))


@dataclass(slots=True)
class _Mentions:
    """What texts that cite these versions may mention, each set of versions read once for one draft."""

    whole: Mapping[VersionKey, Passage]
    question: Question
    policy: Policy
    _known: dict[tuple[VersionKey, ...], Allowed] = field(default_factory=dict)

    def __call__(self, keys: tuple[VersionKey, ...]) -> Allowed:
        if keys not in self._known:
            sources = tuple(self.whole[key] for key in keys)
            self._known[keys] = Allowed(sources, self.question, self.policy)
        return self._known[keys]


def violations_of(
    text: str, sources: Sequence[Passage], question: Question, policy: Policy = Policy()
) -> tuple[str, ...]:
    """Every kind of violation in a text that cites these whole versions in a reply to `question`."""
    return violations(text, Allowed(tuple(sources), question, policy))


def _part_violations(part: Part, may: _Mentions) -> tuple[str, ...]:
    keys = tuple(dict.fromkeys((quote.document_key, quote.version) for quote in part.quotes))
    if not keys or any(key not in may.whole for key in keys):
        return (INSTRUCTION,) if not keys else (ADDRESS,)
    if any(addresses_a_model(quote.text) for quote in part.quotes):
        return (INSTRUCTION,)
    kinds = violations(part.text, may(keys))
    quoted = " ".join(quote.text for quote in part.quotes)
    if INSTRUCTION in kinds and words(quoted) == words(part.text) and not addresses_a_model(quoted):
        # "System: Windows 10, macOS 12" is a table's row, whose cells only we have put together like that.
        kinds = tuple(kind for kind in kinds if kind != INSTRUCTION)
    return kinds


def _without_addresses(part: Part, may: _Mentions) -> Part | None:
    """The part with "(…)" for each foreign address that its quotes hold as it stands, and its quotes without them.

    None where that is not all that is wrong with it, or where nothing else would be left.
    """
    keys = tuple(dict.fromkeys((quote.document_key, quote.version) for quote in part.quotes))
    if any(key not in may.whole for key in keys):
        return None
    allowed = may(keys)
    foreign = {address.text for address in seen_in(part.text).written if _is_foreign(address, allowed)}
    quoted = " ".join(quote.text for quote in part.quotes)
    if not foreign or not all(text in quoted for text in foreign):
        return None
    named = "|".join(re.escape(text) for text in sorted(foreign, key=len, reverse=True))
    token = re.compile(rf"[^\s(\[<\"']*(?:{named})(?:[^\s]*[^\s.,;:!?)\]>\"'])?")
    quotes = tuple(piece for quote in part.quotes for piece in _pieces(quote, token))
    without = replace(part, text=token.sub("(…)", part.text), quotes=quotes)
    is_told = any(char.isalnum() for char in without.text)
    return without if is_told and quotes and not _part_violations(without, may) else None


def _pieces(quote: Quote, token: re.Pattern[str]) -> Iterator[Quote]:
    """What stands of a quote before, between and after the matches, each a quote of its own."""
    edges = [0, *(edge for match in token.finditer(quote.text) for edge in match.span()), len(quote.text)]
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        text = quote.text[begin:end]
        if any(char.isalnum() for char in text):
            start = quote.start + begin + len(text) - len(text.lstrip())
            yield replace(quote, start=start, end=start + len(text.strip()), text=text.strip())


def _left_out(shortened: Sequence[Part]) -> tuple[str, ...]:
    count = len(shortened)
    return (f"(…) in {count} {'part' if count == 1 else 'parts'} of the draft stands for {ADDRESS}",) if count else ()


def _outward(kinds: Sequence[str]) -> bool:
    """The customer's own words may hold their names and codes, but nothing that acts when it is shown."""
    return any(kind in (HIDDEN, MARKUP, CANARY, INSTRUCTION, ADDRESS) for kind in kinds)


def _clean_suggestion(suggestion: Suggestion, allowed: Allowed) -> Suggestion | None:
    """Only the sentences that carry nothing of another customer; None when none is left."""
    told = [suggestion.text[start:end] for start, end in sentences(suggestion.text)]
    kept = [text for text in told if not set(violations(text, allowed)) - {NAME}]
    return replace(suggestion, text=" ".join(kept)) if kept else None


def _notices(removed: Sequence[tuple[Part, str]]) -> tuple[str, ...]:
    counted = Counter(kind for _, kind in removed)
    return tuple(
        f"removed {count} {'part' if count == 1 else 'parts'} of the draft: {kind}" for kind, count in counted.items()
    )
