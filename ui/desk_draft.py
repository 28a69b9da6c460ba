"""The draft on the desk: verdict, warnings, the cited text, what is not covered, suggestions, what became of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby

from ui.desk_calls import Json, Opened
from ui.desk_evidence import draft_from
from ui.rendering import GAP_REASONS, Html, ago, day, element, first_words, joined, link, share_bar, usage_words

_VERDICTS = {"answered": "Answered", "partial": "Answered in part", "gap": "Not answered"}
_WARNINGS = {
    "internal_source": "Internal",
    "stale": "Old",
    "conflict": "Contradiction",
    "chat_model": "Chat model",
    "rewrite": "Said anew",
    "translation": "Translation",
    "sent_before": "Sent before",
    "language": "Language",
    "few_words": "Few words",
    "vague": "Too vague",
    "nothing_asked": "Nothing asked",
}
_SILENCES = {
    "nothing_asked": ("Nothing asked", "Nothing to look up. It counts neither as a gap nor as a contact."),
    "vague": (
        "Ask back first",
        "No article could answer this as it stands, so it is no gap yet: ask which matter it is, then draft again.",
    ),
}
"""What a gap is called that is none of the documentation, by its warning, and what is said of it."""
_WAYS = (
    ("shorter", "Shorter"),
    ("bullet_steps", "As steps"),
    ("friendlier", "Friendlier"),
    ("more_formal", "More formal"),
)
_MADE_ANEW = {how: f"Said anew: {name.lower()}" for how, name in _WAYS} | {
    "from another article": "Drafted from the article that you chose"
}
_LANGUAGES = ("English", "German", "French", "Spanish", "Italian", "Portuguese", "Polish")
_LONGEST_KEPT_WORD = 24
_QUESTION_IN = re.compile(r"the question is in (\w+), the reply")
_NUMBER = re.compile(r"^\[\d+\] ")
_CONFIDENCE = ((0.85, "high"), (0.65, "good"), (0.45, "moderate"), (0.25, "low"), (0.0, "very low"))
_EDITS = (
    (0.0, "as drafted"),
    (0.1, "lightly edited"),
    (0.3, "edited"),
    (0.7, "heavily edited"),
    (1.0, "rewritten"),
)


def confidence_word(probability: float) -> str:
    """A word for a probability in [0, 1]: high, good, moderate, low, very low."""
    return next(word for least, word in _CONFIDENCE if probability >= least or least == 0.0)


def edit_words(distance: float) -> str:
    """How far the sent text is from the draft, in words; `distance` is a share in [0, 1].

    >>> edit_words(0.25)
    'edited: 25 % of the words changed'
    """
    word = next(word for most, word in _EDITS if distance <= most)
    return word if distance == 0 else f"{word}: {max(round(100 * distance), 1)} % of the words changed"


def reply_text(answer: Json) -> str:
    """The reply as it would be sent, without citation marks; the server measures edits against the same text."""
    body = "\n".join(f"{p['step']}. {p['text']}" if p["step"] else p["text"] for p in answer["parts"])
    return "\n\n".join(piece for piece in (answer["greeting"], body, answer["closing"]) if piece)


def draft_panel(opened: Opened) -> Html:
    """Everything above the reply."""
    answer = opened.answer
    cites_internal = any(source["audience"] == "internal" for source in answer["sources"])
    return element(
        "article",
        _verdict(answer),
        _warnings([warning for warning in answer["warnings"] if warning.partition(": ")[0] not in _SILENCES]),
        (_silence(answer) or _gap(opened)) if answer["gap"] else None,
        element("div", *_body(answer), class_="draft-text") if answer["parts"] else None,
        _uncovered(answer["uncovered"]),
        _follow_ups(answer),
        _rewriting(answer) if answer["parts"] else None,
        _making(answer),
        class_=f"draft is-{answer['verdict']}",
        data_draft=opened.draft_id,
        data_internal="yes" if cites_internal else None,
    )


def drafting_panel(parts: Sequence[Json]) -> Html:
    """A draft that is still being written: the parts that are certain, without their numbers yet."""
    body = _body({"greeting": "", "closing": "", "sources": [], "parts": [{**part, "citations": []} for part in parts]})
    return element(
        "article",
        element("header", element("h2", "Drafting …"), class_="verdict"),
        element("div", *body, class_="draft-text"),
        class_="drafting",
        aria_busy="true",
    )


def _follow_ups(answer: Json) -> Html | None:
    """Questions to the customer, each inserted by a click."""
    if not answer["follow_ups"]:
        return None
    chips = (
        element("li", element("button", text, type="button", class_="small-button", data_use=text))
        for text in answer["follow_ups"]
    )
    return element(
        "section",
        element("h3", "Ask the customer"),
        element("ul", *chips, class_="chips", data_closing=answer["closing"]),
        class_="follow-ups",
    )


def _rewriting(answer: Json) -> Html:
    """The menu of other words, and the way back to the draft before."""
    parent = answer["parent_id"]
    said = element(
        "p",
        f"{_MADE_ANEW.get(answer['rewritten']) or 'Said anew: ' + answer['rewritten']}.",
        element("a", "Undo", href=f"?draft={parent}", class_="small-button", data_open=parent),
        class_="said-anew",
    )
    ways = [element("button", name, type="button", class_="small-button", data_rewrite=how) for how, name in _WAYS]
    languages = [
        element("button", name, type="button", class_="small-button", data_rewrite=f"translate:{name}")
        for name in _LANGUAGES
    ]
    menu = element(
        "details",
        element("summary", "Say it anew"),
        element("p", *ways, class_="ways"),
        element("p", element("span", "Translate into", class_="quiet"), *languages, class_="ways"),
        class_="rewriting",
    )
    return joined([said if parent else None, menu])


def suggestions_panel(answer: Json) -> Html:
    """What only tickets know: for the agent to use, never cited."""
    if not answer["suggestions"]:
        return Html("")
    cards = (
        element(
            "li",
            element("p", suggestion["text"]),
            element(
                "div",
                element("span", "Internal", class_="badge is-internal"),
                element("span", f"Ticket {suggestion['document_id']}", class_="quiet"),
                element("button", "Use in reply", type="button", class_="small-button", data_use=suggestion["text"]),
                class_="suggestion-foot",
            ),
        )
        for suggestion in answer["suggestions"]
    )
    return element(
        "section",
        element("h2", "From similar tickets"),
        element("p", "What colleagues wrote then. Check that it still holds, and for names.", class_="quiet"),
        element("ul", *cards, class_="suggestions", data_closing=answer["closing"]),
        class_="from-tickets",
    )


def similar_panel(tickets: Sequence[Json]) -> Html:
    """Similar tickets with how they ended; what they said is among the suggestions."""
    if not tickets:
        return Html("")
    rows = (
        element(
            "li",
            element("strong", ticket["title"] or f"Ticket {ticket['document_id']}"),
            element(
                "p",
                element("span", "Internal", class_="badge is-internal"),
                element("span", ticket["status"] or "no status"),
                day(ticket["updated_at"]),
                class_="about",
            ),
            element("p", ticket["resolution"], class_="resolution") if ticket["resolution"] else None,
            *(element("p", link(each["url"], each["title"] or each["document_id"])) for each in ticket["articles"]),
        )
        for ticket in tickets
    )
    return element(
        "details",
        element(
            "summary", f"How {len(tickets)} similar tickets ended" if len(tickets) > 1 else "How a similar ticket ended"
        ),
        element("ul", *rows, class_="similar"),
        class_="from-tickets",
    )


def recent_panel(drafts: Sequence[Json], current: str = "") -> Html:
    """The latest drafts; the open one is marked."""
    if not drafts:
        return element("p", "No drafts yet.", class_="quiet")
    rows = (
        element(
            "li",
            element(
                "a",
                element("span", class_=f"dot is-{draft['verdict']}", title=_VERDICTS[draft["verdict"]]),
                element("span", first_words(draft["title"] or draft["question"], 60), class_="recent-title"),
                ago(draft["created_at"]),
                href=f"?draft={draft['id']}",
                data_open=draft["id"],
                aria_current="true" if draft["id"] == current else None,
            ),
        )
        for draft in drafts
    )
    return element("ul", *rows, class_="recent")


def empty_panel(examples: Sequence[str]) -> Html:
    """The desk before anything was asked."""
    buttons = (element("li", element("button", text, type="button", data_ask=text)) for text in examples)
    return element(
        "div",
        element("h2", "Paste a ticket, get a cited draft"),
        element(
            "p",
            "Each sentence of a draft names the passage that it rests on. What the knowledge does not hold is not "
            "drafted: it is logged as a gap, for those who can close it.",
        ),
        element("p", "Try one:", class_="quiet"),
        element("ul", *buttons, class_="examples"),
        class_="empty",
    )


def state_line(history: Json) -> Html:
    """What became of the draft: the latest event that says so, with a way back from a discard."""
    events = [e for e in history["events"] if e["kind"] in ("copied", "sent", "discarded", "shown")]
    last = events[-1] if events else None
    if last is None or last["kind"] == "shown":
        return element("span", "")
    if last["kind"] == "discarded":
        undo = element("button", "Undo", type="button", class_="small-button", data_press="undo-discard")
        return element("span", element("strong", "Discarded"), undo, class_="state is-discarded")
    if last["kind"] == "copied":
        return element("span", element("strong", "Copied"), class_="state is-copied")
    words = edit_words(last["edit_distance"]) if last["edit_distance"] is not None else ""
    return element(
        "span", element("strong", "Sent"), element("span", f", {words}" if words else ""), class_="state is-sent"
    )


def final_text(opened: Opened) -> str:
    """What the reply box holds: the text that was sent, when one was, else the draft."""
    sent = [e["final_text"] for e in opened.history["events"] if e["kind"] == "sent" and e["final_text"]]
    return sent[-1] if sent else reply_text(opened.answer)


def verdict_words(verdict: str, uncovered: Sequence[str]) -> str:
    """The verdict as a heading: what is partial either leaves something open, or is too unsure to be called an answer.

    >>> verdict_words("partial", ["And the price?"]), verdict_words("partial", [])
    ('Answered in part', 'Possible answer')
    """
    return "Possible answer" if verdict == "partial" and not uncovered else _VERDICTS[verdict]


def _verdict(answer: Json) -> Html:
    probability = float(answer["confidence"])
    silent = _silent(answer)
    if silent:
        return element("header", element("h2", _SILENCES[silent][0]), class_="verdict")
    return element(
        "header",
        element("h2", verdict_words(answer["verdict"], answer["uncovered"])),
        element(
            "p",
            element("span", f"{confidence_word(probability)} confidence", class_="confidence-word"),
            share_bar(probability),
            element("span", f"{100 * probability:.0f} %", class_="figure"),
            class_="confidence",
            title="The calibrated probability that the evidence at hand answers the question.",
        ),
        class_="verdict",
    )


def _warnings(warnings: Sequence[str]) -> Html | None:
    """The same warning about several sources once, with their numbers."""
    if not warnings:
        return None
    numbers: dict[tuple[str, str], list[str]] = {}
    for warning in warnings:
        kind, _, text = warning.partition(": ")
        kind, text = (kind, text) if kind in _WARNINGS else ("note", warning)
        number = _NUMBER.match(text)
        numbers.setdefault((kind, _NUMBER.sub("", text)), []).append(number.group(0) if number else "")
    rows = (
        element(
            "li",
            element("strong", _WARNINGS.get(kind, "Note")),
            element("span", f"{''.join(found)}{text}"),
            _translating(text) if kind == "language" else None,
            class_=f"warning is-{kind}",
        )
        for (kind, text), found in numbers.items()
    )
    return element("ul", *rows, class_="warnings", aria_label="Warnings")


def _translating(warning: str) -> Html | None:
    """A button that translates the reply into the question's language."""
    named = _QUESTION_IN.search(warning)
    if named is None:
        return None
    translate = f"Translate into {named[1]}"
    return element("button", translate, type="button", class_="small-button", data_rewrite=f"translate:{named[1]}")


def _body(answer: Json) -> Iterable[Html]:
    """Greeting, parts in their order with steps as lists, closing."""
    internal = {source["n"] for source in answer["sources"] if source["audience"] == "internal"}
    titles = {source["n"]: source["title"] for source in answer["sources"]}
    if answer["greeting"]:
        yield element("p", answer["greeting"], class_="formula")
    for is_step, run in groupby(answer["parts"], key=lambda part: part["step"] is not None):
        written = [(part, _cited(part, titles, internal)) for part in run]
        if is_step:
            yield from _lists(written)
        else:
            yield element("p", joined((text for _, text in written), between=" "))
    if answer["closing"]:
        yield element("p", answer["closing"], class_="formula")


def _lists(steps: Sequence[tuple[Json, Html]]) -> Iterable[Html]:
    """One list for each run of rising numbers."""
    rows: list[Html] = []
    first = last = 0
    for part, text in steps:
        number = int(part["step"])
        if rows and number <= last:
            yield element("ol", *rows, start=first)
            rows = []
        first = number if not rows else first
        last = number
        rows.append(element("li", text))
    yield element("ol", *rows, start=first)


def _cited(part: Json, titles: dict[int, str], internal: set[int]) -> Html:
    chips = (
        element(
            "button",
            str(n),
            type="button",
            class_="cite is-internal" if n in internal else "cite",
            data_cite=n,
            aria_label=f"Evidence {n}: {titles.get(n, '')}",
            title=titles.get(n, ""),
        )
        for n in part["citations"]
    )
    doubts = part.get("unsupported") or []
    if doubts:
        text = element("span", _marked(part["text"], doubts), *chips)
        return element("span", text, " ", element("span", _doubt(doubts), class_="doubt"), class_="part")
    # The last word and its numbers stay together, so that no line begins with a lone number.
    head, space, last = part["text"].rpartition(" ")
    short = len(last) <= _LONGEST_KEPT_WORD
    if not short:
        head, space, last = part["text"], "", ""
    return element("span", f"{head}{space}", element("span", last, *chips, class_="kept"), class_="part")


def _marked(text: str, doubts: Sequence[str]) -> Html:
    """The text with the words in doubt marked.

    >>> _marked("Wait 5 minutes.", ["5"])
    'Wait <mark class="in-doubt" title="Not in the source">5</mark> minutes.'
    """
    wanted = sorted((re.escape(doubt) for doubt in doubts if not doubt.startswith("(")), key=len, reverse=True)
    if not wanted:
        return element("span", text)
    pieces = re.split(rf"(?<!\w)({'|'.join(wanted)})(?!\w)", text, flags=re.IGNORECASE)
    return joined(
        element("mark", piece, class_="in-doubt", title="Not in the source") if place % 2 else piece
        for place, piece in enumerate(pieces)
    )


def _doubt(doubts: Sequence[str]) -> str:
    """What is in doubt, in words, for those who see no marks as well.

    >>> _doubt(["5 MHz", "(If you have Plus)"])
    'Not in the source: 5 MHz. Only in the source: If you have Plus.'
    """
    lacking = ", ".join(doubt for doubt in doubts if not doubt.startswith("("))
    left_out = "; ".join(doubt.strip("()") for doubt in doubts if doubt.startswith("("))
    told = (("Not in the source", lacking), ("Only in the source", left_out))
    return " ".join(f"{where}: {what}." for where, what in told if what)


def _silent(answer: Json) -> str:
    """The kind of warning that says why nothing was to be drafted, empty where something was."""
    kinds = (warning.partition(": ")[0] for warning in answer["warnings"]) if answer["gap"] else ()
    return next((kind for kind in kinds if kind in _SILENCES), "")


def _silence(answer: Json) -> Html | None:
    silent = _silent(answer)
    return element("section", element("p", _SILENCES[silent][1]), class_="gap") if silent else None


def _gap(opened: Opened) -> Html:
    short, sentence = GAP_REASONS.get(opened.answer["gap"]["reason"], (opened.answer["gap"]["reason"], ""))
    near = [
        element(
            "li",
            link(document["url"], document["title"] or document["document_id"]),
            day(document["updated_at"]),
            draft_from(document),
        )
        for document in opened.nearest
    ]
    return element(
        "section",
        element("p", element("strong", f"{short}. "), sentence),
        element("h3", "Nearest articles") if near else None,
        element("ul", *near, class_="nearest") if near else None,
        element(
            "p",
            "Logged as a ",
            element("a", "gap", href="/gaps"),
            ". Write the reply by hand: what you send shows what an article would have to say.",
            class_="logged",
        ),
        class_="gap",
    )


def _uncovered(uncovered: Sequence[str]) -> Html | None:
    if not uncovered:
        return None
    return element(
        "section",
        element("h3", "Not covered by the evidence"),
        element("ul", *(element("li", text) for text in uncovered)),
        class_="uncovered",
    )


def _making(answer: Json) -> Html:
    seconds = sum(answer["timings_ms"].values()) / 1000
    spent = usage_words(answer["usage"]) if answer["usage"] and answer["usage"]["calls"] else ""
    pieces = (f"{seconds:.1f} s", answer["model"], spent, answer["generation"])
    return element("p", "Drafted: " + " · ".join(piece for piece in pieces if piece), class_="making")
