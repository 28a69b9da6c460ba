"""The agent's desk: a ticket in, a cited draft with its evidence, a reply out, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import gradio as gr

from ui import desk_calls as calls
from ui.client import ApiError, Client
from ui.desk_draft import (
    draft_panel,
    drafting_panel,
    edit_words,
    empty_panel,
    final_text,
    recent_panel,
    similar_panel,
    state_line,
    suggestions_panel,
)
from ui.desk_evidence import evidence_hint, evidence_panel, others_panel
from ui.look import QUIET, Doors, hidden_button, hidden_field, masthead, page_header, panel, told
from ui.rendering import joined, notice, shown

CHANNELS = ("email", "chat", "phone", "web form", "app review", "social")
REASONS = (
    ("Wrong article", "wrong_article"),
    ("Wrong fact", "wrong_fact"),
    ("Incomplete", "incomplete"),
    ("Unclear", "unclear"),
    ("Outdated", "outdated"),
    ("Tone", "tone"),
    ("Should not have answered", "should_not_have_answered"),
)
EXAMPLES = (
    "I forgot my password and the reset email does not arrive. What now?",
    "I was charged twice this month. Can I get one payment back?",
    "How do I close my account, and what happens to my data?",
)
_ASKING = "(...values) => waypost.ask(values)"
_LIVE: dict[str, Any] = {**QUIET, "queue": True, "concurrency_limit": 32}
"""For events that show their result bit by bit."""
_ASKED = "(draft) => { waypost.asking(false); waypost.opened('draft', draft); }"

Changes = dict[Any, Any]
"""New values by component, as Gradio takes them."""


@dataclass(frozen=True, slots=True)
class _Desk:
    """The page's components."""

    header: gr.HTML
    text: gr.Textbox
    title: gr.Textbox
    requester: gr.Textbox
    channel: gr.Dropdown
    ask: gr.Button
    new: gr.Button
    recent: gr.HTML
    draft: gr.HTML
    evidence: gr.HTML
    state: gr.HTML
    reply: gr.Textbox
    copy: gr.Button
    sent: gr.Button
    discard: gr.Button
    rating: gr.Radio
    reasons: gr.CheckboxGroup
    note: gr.Textbox
    prevented: gr.Textbox
    rate: gr.Button
    notice: gr.HTML
    draft_id: gr.Textbox
    to_open: gr.Textbox
    open: gr.Button
    copied: gr.Button
    undo: gr.Button
    rewrite: gr.Button


def build_desk(doors: Doors, sample_questions: Sequence[str] = ()) -> gr.Blocks:
    """The page; `sample_questions` are offered while the knowledge is the sample helpdesk's."""
    page = gr.Blocks(title="Desk · Waypost", fill_width=True, analytics_enabled=False)
    with page:
        header = page_header("/desk")
        with gr.Row(elem_id="desk"):
            ticket = _ticket_pane()
            work = _work_pane()
            with gr.Column(elem_id="evidence-pane", min_width=0):
                evidence = panel(elem_id="evidence")
        hidden = _hidden()
        desk = _Desk(header=header, **ticket, **work, evidence=evidence, **hidden)
        _connect_asking(page, desk, doors, sample_questions)
        _connect_reply(desk, doors)
        _connect_feedback(desk, doors)
    return page


def _ticket_pane() -> dict[str, Any]:
    with gr.Column(elem_id="ticket-pane", min_width=0):
        text = gr.Textbox(
            label="Ticket", lines=8, max_lines=16, placeholder="Paste what the customer wrote", elem_id="ticket",
            autofocus=True,
        )  # fmt: skip
        title = gr.Textbox(label="Subject", placeholder="optional", elem_id="subject", max_lines=1)
        with gr.Row(elem_classes="pair"):
            requester = gr.Textbox(
                label="Customer's name", placeholder="optional", elem_id="requester", min_width=0, max_lines=1
            )
            channel = gr.Dropdown(
                list(CHANNELS), value="email", label="Channel", elem_id="channel", min_width=0, allow_custom_value=True
            )
        with gr.Row(elem_classes="actions"):
            ask = gr.Button("Draft a reply", variant="primary", elem_id="ask", min_width=0)
            new = gr.Button("New", elem_id="new", min_width=0)
        panel('<p class="hint"><kbd>Ctrl</kbd> <kbd>Enter</kbd> drafts from anywhere on this page.</p>')
        panel('<h2 class="pane-title">Recent drafts</h2>', elem_id="recent-title")
        recent = panel(elem_id="recent")
    return {
        "text": text, "title": title, "requester": requester, "channel": channel, "ask": ask, "new": new,
        "recent": recent,
    }  # fmt: skip


def _work_pane() -> dict[str, Any]:
    with gr.Column(elem_id="work-pane", min_width=0):
        draft = panel(elem_id="draft")
        with gr.Column(elem_id="after", min_width=0):
            with gr.Row(elem_classes="reply-head"):
                panel('<h2 class="pane-title">Reply</h2>')
                state = panel(elem_id="state")
            reply = gr.Textbox(
                label="Reply", show_label=False, lines=6, max_lines=24, elem_id="reply",
                placeholder="Nothing was drafted. Write the reply here.",
            )  # fmt: skip
            with gr.Row(elem_classes="actions", elem_id="reply-actions"):
                copy = gr.Button("Copy", variant="primary", elem_id="copy", min_width=0)
                sent = gr.Button("Mark as sent", elem_id="sent", min_width=0)
                discard = gr.Button("Discard", elem_id="discard", min_width=0)
            feedback = _feedback()
    return {
        "draft": draft, "state": state, "reply": reply, "copy": copy, "sent": sent,
        "discard": discard, **feedback,
    }  # fmt: skip


def _feedback() -> dict[str, Any]:
    with gr.Column(elem_id="feedback", min_width=0):
        rating = gr.Radio(
            [("Good draft", "up"), ("Not good", "down")], label="How was this draft?", elem_id="rating", min_width=0
        )
        with gr.Column(elem_id="feedback-details", min_width=0):
            reasons = gr.CheckboxGroup(list(REASONS), label="What was wrong?", elem_id="reasons")
            note = gr.Textbox(label="Note", placeholder="optional", elem_id="note", lines=1, max_lines=6)
            prevented = gr.Textbox(
                label="What would have prevented this contact?", elem_id="prevented", lines=1, max_lines=6,
                placeholder="optional: an article, a clearer screen, a fix",
            )  # fmt: skip
            rate = gr.Button("Save feedback", elem_id="rate", min_width=0)
    return {
        "rating": rating, "reasons": reasons, "note": note, "prevented": prevented, "rate": rate
    }  # fmt: skip


def _hidden() -> dict[str, Any]:
    return {
        "notice": panel(elem_id="notice"),
        "draft_id": hidden_field("draft-id"),
        "to_open": hidden_field("to-open"),
        "open": hidden_button("open"),
        "copied": hidden_button("copied"),
        "undo": hidden_button("undo-discard"),
        "rewrite": hidden_button("rewrite"),
    }


def _connect_asking(page: gr.Blocks, desk: _Desk, doors: Doors, samples: Sequence[str]) -> None:
    screen = [
        desk.text, desk.title, desk.requester, desk.draft, desk.evidence, desk.state, desk.reply,
        desk.rating, desk.reasons, desk.note, desk.prevented, desk.notice, desk.draft_id, desk.recent,
    ]  # fmt: skip

    def ask(text: str, title: str, requester: str, channel: str | None, request: gr.Request) -> Iterator[Changes]:
        if not (text or title or "").strip():
            yield {desk.notice: notice("Paste what the customer wrote first.", kind="bad")}
            return
        ticket = calls.Ticket(text or "", title or "", requester or "", channel or "")
        try:
            with doors.open(request) as client:
                for found in calls.ask(client, ticket):
                    if isinstance(found, calls.Opened):
                        yield _opened(desk, client, found)
                    else:
                        yield {desk.draft: shown(drafting_panel(found))}
        except ApiError as error:
            yield {desk.notice: told(error)}

    def rewrite(wish: str, draft_id: str, requester: str, request: gr.Request) -> Changes:
        def work(client: Client) -> Changes:
            opened = calls.made_anew(client, draft_id, wish, requester or "")
            ticket = (desk.text, desk.title, desk.requester)
            return {name: value for name, value in _opened(desk, client, opened).items() if name not in ticket}

        return _trying(desk, doors, request, work)

    def open_stored(draft_id: str, request: gr.Request) -> Changes:
        def work(client: Client) -> Changes:
            return _opened(desk, client, calls.stored(client, draft_id)) if draft_id else _blank(desk, client, samples)

        return _trying(desk, doors, request, work)

    def load(query: str, request: gr.Request) -> Changes:
        named = {desk.header: masthead("/desk", request.username or "")}
        return named | open_stored(parse_qs(query.lstrip("?")).get("draft", [""])[0], request)

    def start_anew(request: gr.Request) -> Changes:
        cleared = {desk.text: "", desk.title: "", desk.requester: ""}
        return cleared | _trying(desk, doors, request, lambda client: _blank(desk, client, samples))

    asked = [desk.text, desk.title, desk.requester, desk.channel]
    desk.ask.click(ask, asked, screen, js=_ASKING, **_LIVE).then(None, desk.draft_id, js=_ASKED)
    wished = [desk.to_open, desk.draft_id, desk.requester]
    desk.rewrite.click(rewrite, wished, screen, js=_ASKING, **QUIET).then(None, desk.draft_id, js=_ASKED)
    desk.new.click(start_anew, None, screen, **QUIET).then(
        None, js="() => { waypost.opened('draft', ''); waypost.focus('ticket'); }"
    )
    desk.open.click(open_stored, desk.to_open, screen, js=_ASKING, **QUIET).then(None, js="() => waypost.asking(false)")
    page.load(load, desk.to_open, [desk.header, *screen], js="() => [window.location.search]", **QUIET).then(
        None, js="() => waypost.ready()"
    )


def _connect_reply(desk: _Desk, doors: Doors) -> None:
    here = [desk.draft_id, desk.reply]

    def copied(draft_id: str, request: gr.Request) -> Changes:
        return _happened(desk, doors, request, draft_id, "copied", "Copied.")

    def sent(draft_id: str, reply: str, request: gr.Request) -> Changes:
        if not (reply or "").strip():
            return {desk.notice: notice("The reply is empty. Write it first, then mark it as sent.", kind="bad")}
        return _happened(desk, doors, request, draft_id, "sent", "", reply)

    def discarded(draft_id: str, request: gr.Request) -> Changes:
        return _happened(desk, doors, request, draft_id, "discarded", "Discarded. Undo is beside the reply.")

    def taken_back(draft_id: str, request: gr.Request) -> Changes:
        # Events are only ever added: a draft shown again after a discard is the way back.
        return _happened(desk, doors, request, draft_id, "shown", "Taken back.")

    desk.copy.click(None, js="() => waypost.copy()")
    desk.copied.click(copied, desk.draft_id, [desk.state, desk.notice], **QUIET)
    desk.sent.click(sent, here, [desk.state, desk.notice], **QUIET)
    desk.discard.click(discarded, desk.draft_id, [desk.state, desk.notice], **QUIET)
    desk.undo.click(taken_back, desk.draft_id, [desk.state, desk.notice], **QUIET)


def _connect_feedback(desk: _Desk, doors: Doors) -> None:
    fields = [desk.rating, desk.reasons, desk.note, desk.prevented, desk.notice]

    def rate(draft_id: str, rating: str, reasons: list[str], note: str, prevented: str, request: gr.Request) -> Changes:
        feedback = {
            "rating": rating,
            "reasons": (reasons or []) if rating == "down" else [],
            "note": note or "",
            "proposed_fix": prevented or "",
        }

        def work(client: Client) -> Changes:
            calls.rated(client, draft_id, feedback)
            return _unrated(desk) | {desk.notice: notice("Thank you: the feedback is saved.", kind="good")}

        return _trying(desk, doors, request, work)

    given = [desk.draft_id, desk.rating, desk.reasons, desk.note, desk.prevented]
    desk.rate.click(rate, given, fields, **QUIET)


def _trying(desk: _Desk, doors: Doors, request: gr.Request, work: Any) -> Changes:
    """What `work` changes, or the server's own words where it refused."""
    try:
        with doors.open(request) as client:
            changes: Changes = work(client)
            return changes
    except ApiError as error:
        return {desk.notice: told(error)}


def _opened(desk: _Desk, client: Client, opened: calls.Opened) -> Changes:
    tickets = [others_panel(opened), suggestions_panel(opened.answer), similar_panel(opened.similar)]
    evidence = joined([evidence_panel(opened), *tickets])
    ticket = opened.ticket
    return _unrated(desk) | {
        desk.text: ticket.text,
        desk.title: ticket.title,
        desk.requester: ticket.requester,
        desk.draft: shown(draft_panel(opened)),
        desk.evidence: shown(evidence),
        desk.state: shown(state_line(opened.history)),
        desk.reply: final_text(opened),
        desk.notice: "",
        desk.draft_id: opened.draft_id,
        desk.recent: shown(recent_panel(calls.recent(client), opened.draft_id)),
    }


def _blank(desk: _Desk, client: Client, samples: Sequence[str]) -> Changes:
    examples = samples if samples and calls.is_sample(client) else EXAMPLES
    return _unrated(desk) | {
        desk.draft: shown(empty_panel(examples)),
        desk.evidence: shown(evidence_hint()),
        desk.reply: "",
        desk.notice: "",
        desk.draft_id: "",
        desk.recent: shown(recent_panel(calls.recent(client))),
    }


def _unrated(desk: _Desk) -> Changes:
    return {desk.rating: None, desk.reasons: [], desk.note: "", desk.prevented: ""}


def _happened(
    desk: _Desk, doors: Doors, request: gr.Request, draft_id: str, kind: str, words: str, final: str | None = None
) -> Changes:
    def work(client: Client) -> Changes:
        history = calls.happened(client, draft_id, kind, final)
        said = words or f"Marked as sent, {_edit(history)}."
        return {desk.state: shown(state_line(history)), desk.notice: notice(said, kind="good")}

    return _trying(desk, doors, request, work)


def _edit(history: calls.Json) -> str:
    return edit_words(history["events"][-1]["edit_distance"] or 0.0)
