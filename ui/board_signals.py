"""What the desk noticed about a theme, kind by kind in plain words, with the evidence; and what retests changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assistant.wording import cause_name, counted, share, stage_name
from ui.board_words import Json
from ui.rendering import Html, ago, element, first_words

SIGNALS: Mapping[str, tuple[str, str]] = {
    "asked_often": (
        "Answered well and still asked often",
        "The articles answer it and people keep writing: no article will end this, the product can.",
    ),
    "abstained": ("No answer in the articles", "Nothing was found, or what was found did not answer the question."),
    "edited": ("Drafts rewritten by agents", "Half of the words or more were changed before the reply was sent."),
    "rejected": ("Drafts rated down", "An agent said that the draft was no good."),
    "discarded": ("Drafts thrown away", "An agent wrote the reply without the draft."),
    "differs": ("Agents answer otherwise", "What the agent answered rests on other articles, or says something else."),
    "found_by_agent": (
        "Agents found the article",
        "Waypost had led with another article, or with none: the answer is there and hard to find.",
    ),
    "flagged": ("What agents say", "An agent said why people write, or what would have prevented it."),
    "unanswerable": ("Old tickets without an article", "Public articles alone could not have answered these."),
    "review": ("Reviews and survey comments", "Said in public, or in a survey."),
}
"""Each type of signal: its name, and what it means."""

_RETESTS = {
    "regressed": "Answered before and no longer",
    "worse": "Answered worse",
    "improved": "Answered better",
    "closed": "Answered now",
}


def signal_name(kind: str) -> str:
    """A type of signal in words."""
    return SIGNALS[kind][0] if kind in SIGNALS else kind.replace("_", " ").capitalize()


def signals_section(found: Sequence[Json]) -> Html | None:
    """A line for each kind with how many contacts it is on, folded over its meaning and its evidence."""
    if not found:
        return None
    known = {each["type"]: each for each in found}
    order = [*(kind for kind in SIGNALS if kind in known), *(kind for kind in known if kind not in SIGNALS)]
    lines = (_kind(known[kind]) for kind in order)
    return element("section", element("h2", "What the desk noticed"), *lines, class_="signals")


def _kind(signal: Json) -> Html:
    kind = signal["type"]
    rows = (_evidence(kind, each) for each in signal["evidence"])
    many = counted(signal["contacts"], "week" if kind == "asked_often" else "contact")
    return element(
        "details",
        element("summary", element("b", signal_name(kind)), element("span", many, class_="count")),
        element("p", SIGNALS.get(kind, ("", ""))[1], class_="quiet"),
        element("ul", *rows, class_="evidence"),
        class_=f"fold is-{kind.replace('_', '-')}",
    )


def _evidence(kind: str, each: Json) -> Html:
    question = first_words(each["question"], 160)
    about = [element("span", words) for words in (*_facts(kind, each), each["actor"]) if words]
    return element(
        "li",
        element("p", f"“{question}”") if question else None,
        element("p", *about, ago(each["at"]), class_="about"),
        element("p", "Would have prevented it: ", element("b", str(each["said"]["prevented_by"])))
        if each["said"].get("prevented_by")
        else None,
        element("p", str(each["said"]["note"]), class_="written") if each["said"].get("note") else None,
    )


def _facts(kind: str, each: Json) -> list[str]:
    """What was measured, in a few words each."""
    said, value, facts = each["said"], each["value"], []
    if kind == "edited" and value is not None:
        facts.append(f"{share(value)} of the words changed")
    if kind == "review" and value is not None:
        facts.append(f"rated {value:g} of 5")
    if kind in ("abstained", "unanswerable") and said.get("reason"):
        facts.append(str(said["reason"]).replace("_", " "))
    if kind == "asked_often":
        facts.append(f"{said.get('until', '')}: {counted(int(said.get('contacts', 0)), 'contact')} in four weeks")
        facts.append(f"{share(float(said.get('answered', 0)))} answered in full, confidence {share(value or 0)}")
    facts += [f"{name} {_titles(each[key])}" for key, name in _NAMED[kind] if each[key]] if kind in _NAMED else []
    facts += [name(str(said[key])) for key, name in (("cause", cause_name), ("stage", stage_name)) if said.get(key)]
    return facts + [str(reason).replace("_", " ") for reason in said.get("reasons") or ()]


_NAMED = {
    "edited": (("sources", "drafted from"),),
    "rejected": (("sources", "drafted from"),),
    "discarded": (("sources", "drafted from"),),
    "found_by_agent": (("sources", "answered from"),),
    "differs": (("ours", "ours:"), ("theirs", "the agent's:")),
    "abstained": (("nearest", "nearest:"),),
    "unanswerable": (("nearest", "nearest:"),),
}


def _titles(documents: Sequence[Json]) -> str:
    return ", ".join(str(each["title"]) for each in documents[:2])


def retests_section(lines: Sequence[Json]) -> Html | None:
    """What asking the theme's questions again has changed, losses first."""
    if not lines:
        return None
    return element("section", element("h2", "Asked again"), *retest_lists(lines), class_="signals")


def retest_lists(lines: Sequence[Json], most: int = 20) -> list[Html]:
    """A fold for each result, losses open."""
    return [
        element(
            "details",
            element("summary", element("b", name), element("span", f"{len(mine):,}", class_="count")),
            element("ul", *(_retested(line) for line in mine[:most]), class_="evidence"),
            class_="fold",
            open=result in ("regressed", "worse"),
        )
        for result, name in _RETESTS.items()
        if (mine := [line for line in lines if line["result"] == result])
    ]


def _retested(line: Json) -> Html:
    theme = f"?theme={line['theme_id']}" if line.get("theme_id") else ""
    before, after = line["confidence_before"], line["confidence_after"]
    sure = f", confidence {share(before)} to {share(after)}" if before is not None else f", confidence {share(after)}"
    changed = ", ".join(line["changed"][:3])
    return element(
        "li",
        element("p", f"“{first_words(line['question'], 160)}”"),
        element(
            "p",
            element("span", f"{_verdict(line['before'])} to {_verdict(line['after'])}{sure}"),
            element("span", f"changed: {changed}") if changed else None,
            element("a", line.get("theme_name") or line["theme_id"], href=theme, data_open=theme) if theme else None,
            ago(line["at"]),
            class_="about",
        ),
    )


def _verdict(verdict: str) -> str:
    return {"answered": "answered", "partial": "answered in part", "gap": "no answer"}.get(verdict, verdict)
