"""A draft article from what the desk's own agents answered, each sentence cited to its tickets.

Only where a complete human answer exists: one that did not just ask back, point elsewhere or say that it is looked
into, in a ticket that ended well. Sentences about one customer's case are left out; where too little is left that holds
for everybody there is no draft. Nothing is reworded, nothing is added; a writer makes the article.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.gaps.digest.as_markdown import words
from assistant.gaps.triage.sentences import sentence_spans
from assistant.gaps.wording import counted, one_line
from assistant.stopwords import STOP_WORDS

MARK = "Draft for a writer: taken from agents' replies, not checked, not published."
_LEAST_WORDS = 18
_SAME_SHARE = 0.6
_ADDED = 6
_COURTESY = re.compile(
    r"^\s*(?:hi\b|hello|dear|hey|good (?:morning|afternoon|evening|day)|thanks?\b|thank you|kind regards|best\b|"
    r"regards|cheers|sincerely|sorry|apolog|you(?:'|’)?re welcome|glad|happy to|i hope|hope (?:this|that)|"
    r"let (?:me|us) know|please let|have a (?:nice|good|great)|on behalf|welcome to)",
    re.IGNORECASE,
)
_PENDING = re.compile(
    r"\b(?:looking into|will (?:get back|look|check|investigate|forward)|have forwarded|escalat|our (?:team|engineers) "
    r"(?:is|are)|no (?:solution|workaround|fix) (?:yet|at)|known (?:issue|bug)|(?:could|can) you (?:please )?"
    r"(?:send|tell|share|provide))",
    re.IGNORECASE,
)
_CASE = re.compile(
    # what the agent did or found, in this case
    r"\b(?:i|we)(?:(?:'|’)ve| have| had)? (?:just |now |already |also |since |gone ahead and |went ahead and )*"
    r"(?:reset|refunded|cancell?ed|credited|issued|processed|updated|changed|removed|added|enabled|disabled|activated|"
    r"deactivated|unlocked|restored|sent|resent|shipped|replaced|extended|upgraded|downgraded|merged|moved|deleted|"
    r"corrected|fixed|adjusted|applied|looked|checked|found|see|saw|noticed|confirmed|verified|created|linked|"
    r"transferred|charged|marked|flagged|arranged|ordered|scheduled|granted|set|made|taken|tested|reproduced)\b"
    # what was done to what is this customer's
    r"|\byour (?:[\w-]+ ){0,2}(?:has|have|was|were) (?:now |just |already |since |successfully )*(?:been )?"
    r"(?:\w+ed|reset|set|sent|paid|made)\b"
    r"|\b(?:on|for|in|to|from|under) your (?:order|invoice|case|ticket|refund)\b"
    r"|\byour (?:order|invoice|ticket|case|refund|payment|parcel|tracking) (?:number|no\.?|id|#)"
    # a number of one order, invoice or case; a placeholder for a person, an address, a number
    r"|\b(?:order|invoice|ticket|case|tracking|reference|rma|serial)s? ?(?:number|no\.?|id)?:? ?#?[a-z]{0,4}-?\d{3,}"
    r"|(?<!\w)#\d{3,}"
    r"|\[[a-z_ -]+ \d+\]|<(?:name|person|email|phone|address|account|card|number|id|secret)[ _\w]*>"
    # what holds on this day only
    r"|\bas you (?:mentioned|wrote|said|described)|in your (?:screenshot|message|log|photo|picture|last (?:mail|reply))"
    r"|\byou (?:mentioned|wrote|said|told|reported)\b",
    re.IGNORECASE,
)
"""Sentences about one customer's case: an article that said them would be wrong for everybody else."""
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+")
_THANKS = re.compile(
    r"\b(?:that (?:worked|did it|helped|solved|fixed)|it works|works now|worked (?:for me|perfectly|great)|solved|"
    r"thank you|thanks|perfect)\b",
    re.IGNORECASE,
)
_FAILED = re.compile(
    r"\b(?:did ?n.t (?:work|help)|does ?n.t (?:work|help)|still (?:not|the same|no|does)|no luck)\b", re.I
)
_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a ticket, already redacted."""

    by_agent: bool
    text: str


@dataclass(frozen=True, slots=True)
class Ticket:
    """A resolved ticket of the theme, in the order in which it was written."""

    key: str
    title: str
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """The article that came nearest to the theme's questions: where an edit belongs."""

    key: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Part:
    """One verbatim sentence with the keys of the tickets that say it, the one it is quoted from first."""

    text: str
    tickets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ArticleDraft:
    """A draft, or why there is none.

    `edits` is the article that it would extend, None for a new one; `parts` are then only what that article does not
    say yet. `why_not` is empty exactly where there are parts. `one_ticket` says that all of it comes from a single
    ticket; `left_out` is how many sentences of the leading answer were about that customer only.
    """

    title: str
    edits: Target | None
    parts: tuple[Part, ...]
    questions: tuple[str, ...]
    why_not: str
    one_ticket: bool = False
    left_out: int = 0


def article_draft(name: str, tickets: Sequence[Ticket], nearest: Target | None = None) -> ArticleDraft:
    """A draft for the theme `name` from its `tickets`, for a new article or as an edit of `nearest`.

    The complete answer that agrees best with the other agents' answers leads, whole and in order. Sentences of other
    complete answers follow where they say something else and at least two tickets say it.
    """
    complete = [(ticket, answer) for ticket in tickets if (answer := complete_answer(ticket))]
    questions = tuple(dict.fromkeys(one_line(ticket.title) for ticket in tickets if ticket.title.strip()))[:5]
    if not complete:
        return ArticleDraft(name, nearest, (), questions, _why_not(tickets))
    answers = [(ticket.key, answer) for ticket, answer in complete]
    leading = max(answers, key=lambda a: (_agreement(a, answers), len(a[1]), a[0]))
    parts = [*_cited(leading[1], leading[0], answers), *_additions(leading, answers)]
    if nearest is not None:
        known = [_stems(sentence) for sentence in _sentences(nearest.text)]
        parts = [part for part in parts if not _is_said(part.text, known)]
        if not parts:
            said = f"“{nearest.title}” already says what agents answer: people do not find it, or do not understand it."
            return ArticleDraft(name, nearest, (), questions, said)
    one_ticket = len({key for part in parts for key in part.tickets}) == 1
    ticket = next(ticket for ticket, _ in complete if ticket.key == leading[0])
    return ArticleDraft(name, nearest, tuple(parts), questions, "", one_ticket, _case_bound(ticket))


def complete_answer(ticket: Ticket) -> tuple[str, ...]:
    """The sentences of the agent's answer that closed the ticket, empty where there is no complete one.

    The last agent's message with substance counts, unless the customer says afterwards that it failed; where several
    agents' messages have substance, the customer's thanks decide for the one before them.
    """
    last: tuple[str, ...] = ()
    for number, message in enumerate(ticket.messages):
        if not message.by_agent:
            continue
        after = " ".join(m.text for m in ticket.messages[number + 1 :] if not m.by_agent)
        kept = _substance(message.text)
        if not kept or _FAILED.search(after):
            continue
        last = kept
        if _THANKS.search(after):
            break
    return last


def as_markdown(draft: ArticleDraft) -> str:
    """The draft as a writer gets it: its mark, the sentences with their tickets, the questions that it is to answer."""
    return "\n".join(_page(draft)).rstrip() + "\n"


def _substance(message: str) -> tuple[str, ...]:
    """The message's sentences without courtesies; empty where it only asks back, points elsewhere or promises."""
    kept = _general(message)
    said = _ADDRESS.sub("", " ".join(kept))
    if len(_WORD.findall(said)) < _LEAST_WORDS or _PENDING.search(said):
        return ()
    return kept


def _general(message: str) -> tuple[str, ...]:
    """The sentences that hold for everybody."""
    return tuple(s for s in _told(message) if not _CASE.search(s))


def _told(message: str) -> tuple[str, ...]:
    return tuple(s for s in _sentences(message) if not _COURTESY.match(s) and not s.endswith("?") and _is_more(s))


def _case_bound(ticket: Ticket) -> int:
    """How many sentences of the ticket's answer are about its customer only."""
    answer = set(complete_answer(ticket))
    of_answer = [m.text for m in ticket.messages if m.by_agent and answer.intersection(_sentences(m.text))]
    return sum(1 for text in of_answer for s in _told(text) if _CASE.search(s))


def _is_more(sentence: str) -> bool:
    """Whether a sentence says something beside the address in it."""
    return len(_WORD.findall(_ADDRESS.sub("", sentence))) > 1


def _sentences(text: str) -> list[str]:
    return [one_line(text[start:end]) for start, end in sentence_spans(text)]


def _stems(sentence: str) -> frozenset[str]:
    """Words that mean something, their endings cut off: enough to see that two sentences say the same."""
    found = (word.lower() for word in _WORD.findall(sentence))
    return frozenset(word[:5] for word in found if word not in STOP_WORDS)


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    smaller = min(len(one), len(other))
    return smaller > 0 and len(one & other) >= _SAME_SHARE * smaller


def _is_said(sentence: str, known: Sequence[frozenset[str]]) -> bool:
    stems = _stems(sentence)
    return not stems or any(len(stems & other) >= _SAME_SHARE * len(stems) for other in known)


def _agreement(answer: tuple[str, tuple[str, ...]], answers: Sequence[tuple[str, tuple[str, ...]]]) -> float:
    """The mean share of this answer's words that the other answers use too."""
    own = _stems(" ".join(answer[1]))
    others = [_stems(" ".join(other)) for key, other in answers if key != answer[0]]
    return sum(len(own & other) / max(len(own), 1) for other in others) / max(len(others), 1)


def _cited(sentences: Sequence[str], key: str, answers: Sequence[tuple[str, tuple[str, ...]]]) -> list[Part]:
    """Each sentence with its own ticket and those whose answers say the same."""
    parts = []
    for sentence in sentences:
        stems = _stems(sentence)
        also = [k for k, other in answers if k != key and any(_alike(stems, _stems(s)) for s in other)]
        parts.append(Part(sentence, (key, *also)))
    return parts


def _additions(leading: tuple[str, tuple[str, ...]], answers: Sequence[tuple[str, tuple[str, ...]]]) -> Iterator[Part]:
    """What the leading answer leaves out and at least two other tickets say, most often said first; at most 6."""
    known = [_stems(sentence) for sentence in leading[1]]
    others = [answer for answer in answers if answer[0] != leading[0]]
    found = [part for key, said in others for part in _cited(said, key, others) if len(part.tickets) > 1]
    added = 0
    for part in sorted(found, key=lambda p: (-len(p.tickets), p.tickets[0])):
        if added < _ADDED and not _is_said(part.text, known):
            known.append(_stems(part.text))
            added += 1
            yield part


def _why_not(tickets: Sequence[Ticket]) -> str:
    if not tickets:
        return "No resolved ticket belongs to this theme, so there is no human answer to write from."
    bound = sum(bool(_case_bound_only(ticket)) for ticket in tickets)
    answered = sum(any(message.by_agent for message in ticket.messages) for ticket in tickets)
    if answered == 0:
        return f"Nobody has answered any of the {counted(len(tickets), 'ticket')} of this theme."
    if bound:
        return (
            f"Agents answered {answered} of {counted(len(tickets), 'ticket')}, and {bound:,} of these answers tell "
            "what was done for one customer (an account, an order, a reset): nothing in them holds for everybody."
        )
    return (
        f"Agents answered {answered} of {counted(len(tickets), 'ticket')}, and none of these answers is complete: they "
        "ask back, point elsewhere, promise to look into it, or the customer says that it did not help."
    )


def _case_bound_only(ticket: Ticket) -> bool:
    """Whether an answer of the ticket would be one but for what it says about this customer's case."""
    return any(
        len(_WORD.findall(" ".join(_told(m.text)))) >= _LEAST_WORDS and any(_CASE.search(s) for s in _told(m.text))
        for m in ticket.messages
        if m.by_agent
    )


def _page(draft: ArticleDraft) -> Iterator[str]:
    yield f"> {MARK}"
    yield ""
    if not draft.parts:
        yield f"# No draft for {words(draft.title)}"
        yield ""
        yield words(draft.why_not)
        return
    yield f"# {words(draft.title)}" if draft.edits is None else f"# Edit of {words(draft.edits.title)}"
    yield ""
    numbers = {key: n for n, key in enumerate(dict.fromkeys(k for p in draft.parts for k in p.tickets), 1)}
    if draft.one_ticket:
        yield "From one ticket: nobody else has said this, so ask somebody who knows before it is published."
        yield ""
    if draft.left_out:
        about = counted(draft.left_out, "sentence")
        yield f"Left out: {about} about that customer's own case."
        yield ""
    for part in draft.parts:
        yield f"{words(part.text)} {' '.join(f'({numbers[key]})' for key in part.tickets)}"
        yield ""
    yield "## It is to answer"
    yield ""
    yield from (f"- {words(question)}" for question in draft.questions)
    yield ""
    yield "## Tickets"
    yield ""
    yield from (f"{number}. {words(key)}" for key, number in numbers.items())
