"""Single questions that the knowledge could not answer, ranked, and one gap's page with its status and history.

The board shows them grouped into themes; here each is looked at by itself. Values that
events pass on are hidden fields: a `gr.State` would hold a connection open for each tab, and browsers allow six.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import gradio as gr

from ui import gap_calls as calls
from ui.client import ApiError, Client
from ui.gap_pages import STATUSES, Json, channel_name, gap_list, gap_page, history_list, status_name
from ui.look import QUIET, Doors, hidden_button, hidden_field, masthead, page_header, panel, told
from ui.rendering import GAP_REASONS, element, notice, shown

_ANY_REASON = [("Any reason", ""), *((words[0], reason) for reason, words in GAP_REASONS.items())]
_KEEP_FILTERS = "(...values) => waypost.filtered(values)"

Changes = dict[Any, Any]
"""New values by component, as Gradio takes them."""


@dataclass(frozen=True, slots=True)
class _Page:
    """The page's components."""

    header: gr.HTML
    status: gr.Radio
    reason: gr.Dropdown
    channel: gr.Dropdown
    text: gr.Textbox
    gaps: gr.HTML
    more: gr.Button
    limit: gr.Textbox
    gap: gr.HTML
    refusal: gr.HTML
    new_status: gr.Radio
    note: gr.Textbox
    save_note: gr.Button
    history: gr.HTML
    notice: gr.HTML
    gap_id: gr.Textbox
    to_open: gr.Textbox
    open: gr.Button
    undo: gr.Button
    last_change: gr.Textbox

    @property
    def filters(self) -> list[Any]:
        """The fields that restrict the list."""
        return [self.status, self.reason, self.channel, self.text]


def build_gaps(doors: Doors) -> gr.Blocks:
    """The page."""
    page = gr.Blocks(title="Gaps · Waypost", fill_width=True, analytics_enabled=False)
    with page:
        header = page_header("/gaps")
        parts = _Page(header=header, **_overview(), **_one_gap(), **_hidden())
        _connect_list(page, parts, doors)
        _connect_changes(parts, doors)
    return page


def _overview() -> dict[str, Any]:
    with gr.Column(elem_id="overview", min_width=0):
        panel(shown(_introduction()))
        with gr.Row(elem_id="filters"):
            status = gr.Radio(
                [("All", ""), *STATUSES], value="", label="Status", elem_id="status", container=False, min_width=0
            )
            reason = gr.Dropdown(_ANY_REASON, value="", label="Reason", elem_id="reason", min_width=0, filterable=False)
            channel = gr.Dropdown(
                [("Any channel", "")], value="", label="Channel", elem_id="channel", min_width=0, filterable=False
            )
            text = gr.Textbox(label="Words", placeholder="in the question", elem_id="text", min_width=0, max_lines=1)
        gaps = panel(elem_id="gaps")
        more = gr.Button("Show more", elem_id="more", min_width=0)
        limit = hidden_field("limit")
    return {
        "status": status, "reason": reason, "channel": channel, "text": text, "gaps": gaps,
        "more": more, "limit": limit,
    }  # fmt: skip


def _one_gap() -> dict[str, Any]:
    with gr.Row(elem_id="one-gap"):
        with gr.Column(elem_id="gap-pane", min_width=0):
            gap = panel(elem_id="gap")
        with gr.Column(elem_id="change-pane", min_width=0):
            refusal = panel(elem_id="refusal")
            with gr.Column(elem_id="change", min_width=0):
                new_status = gr.Radio(list(STATUSES), label="Status", elem_id="new-status", min_width=0)
                note = gr.Textbox(
                    label="Note", lines=2, max_lines=10, elem_id="gap-note", min_width=0,
                    placeholder="What is planned, who has it, what it waits for",
                )  # fmt: skip
                save_note = gr.Button("Save note", elem_id="save-note", min_width=0)
            panel('<h2 class="pane-title">History</h2>')
            history = panel(elem_id="history")
    return {
        "gap": gap, "refusal": refusal, "new_status": new_status, "note": note,
        "save_note": save_note, "history": history,
    }  # fmt: skip


def _hidden() -> dict[str, Any]:
    return {
        "notice": panel(elem_id="notice"),
        "gap_id": hidden_field("gap-id"),
        "to_open": hidden_field("to-open"),
        "open": hidden_button("open"),
        "undo": hidden_button("undo-change"),
        "last_change": hidden_field("last-change"),
    }


def _introduction() -> Any:
    return element(
        "div",
        element("h1", "What the knowledge could not answer"),
        element(
            "p", "Each gap is one question, however often it was asked. The first is what most people wrote about."
        ),
        class_="introduction",
    )


def _connect_list(page: gr.Blocks, parts: _Page, doors: Doors) -> None:
    screen = [
        *parts.filters, parts.gaps, parts.limit, parts.gap, parts.refusal, parts.new_status, parts.note, parts.history,
        parts.notice, parts.gap_id, parts.last_change,
    ]  # fmt: skip

    def relist(status: str, reason: str, channel: str, text: str, request: gr.Request) -> Changes:
        filters = calls.Filters(status or "", reason or "", channel or "", text or "")
        return _trying(parts, doors, request, lambda client: _listed(parts, client, filters, calls.PAGE))

    def show_more(status: str, reason: str, channel: str, text: str, limit: str, request: gr.Request) -> Changes:
        filters = calls.Filters(status or "", reason or "", channel or "", text or "")
        wider = min(int(limit or 0) + calls.PAGE, calls.MOST)
        return _trying(parts, doors, request, lambda client: _listed(parts, client, filters, wider))

    def open_gap(gap_id: str, status: str, reason: str, channel: str, text: str, request: gr.Request) -> Changes:
        if gap_id == "all":
            return relist(status, reason, channel, text, request)
        return _trying(parts, doors, request, lambda client: _opened(parts, client, gap_id))

    def load(query: str, request: gr.Request) -> Changes:
        asked = {name: values[0] for name, values in parse_qs(query.lstrip("?")).items()}
        named = {parts.header: masthead("/gaps", request.username or "")}
        if "gap" in asked:
            return named | _trying(parts, doors, request, lambda client: _opened(parts, client, asked["gap"]))
        filters = calls.Filters(*(asked.get(name, "") for name in ("status", "reason", "channel", "text")))
        return named | _trying(parts, doors, request, lambda client: _listed(parts, client, filters, calls.PAGE))

    for field in (parts.status, parts.reason, parts.channel):
        field.input(relist, parts.filters, screen, js=_KEEP_FILTERS, **QUIET)
    parts.text.change(relist, parts.filters, screen, js=_KEEP_FILTERS, trigger_mode="always_last", **QUIET)
    parts.more.click(show_more, [*parts.filters, parts.limit], screen, **QUIET)
    opening = parts.open.click(
        open_gap, [parts.to_open, *parts.filters], screen, js="(...values) => waypost.instead(values)", **QUIET
    )
    opening.then(None, js="() => window.scrollTo(0, 0)")
    page.load(load, parts.to_open, [parts.header, *screen], js="() => [window.location.search]", **QUIET).then(
        None, js="() => waypost.ready()"
    )


def _connect_changes(parts: _Page, doors: Doors) -> None:
    after = [parts.new_status, parts.note, parts.history, parts.notice, parts.last_change]

    def change(gap_id: str, field: str, value: str, request: gr.Request) -> Changes:
        def work(client: Client) -> Changes:
            gap = calls.changed(client, gap_id, field, value)
            return _changed(parts, gap, field)

        return _trying(parts, doors, request, work)

    def set_status(gap_id: str, status: str, request: gr.Request) -> Changes:
        return change(gap_id, "status", status, request)

    def set_note(gap_id: str, note: str, request: gr.Request) -> Changes:
        return change(gap_id, "note", note or "", request)

    def undo(gap_id: str, last_change: str, request: gr.Request) -> Changes:
        last = json.loads(last_change) if last_change else None
        if last is None or last["gap_id"] != gap_id:
            return {parts.notice: notice("There is nothing to undo here.")}
        return _trying(parts, doors, request, lambda client: _undone(parts, client, last))

    parts.new_status.input(set_status, [parts.gap_id, parts.new_status], after, **QUIET)
    parts.save_note.click(set_note, [parts.gap_id, parts.note], after, **QUIET)
    parts.undo.click(undo, [parts.gap_id, parts.last_change], after, **QUIET)


def _trying(parts: _Page, doors: Doors, request: gr.Request, work: Any) -> Changes:
    """What `work` changes, or the server's own words where it refused."""
    try:
        with doors.open(request) as client:
            changes: Changes = work(client)
            return changes
    except ApiError as error:
        return {parts.notice: told(error)}


def _listed(parts: _Page, client: Client, filters: calls.Filters, limit: int) -> Changes:
    rows, total = calls.listed(client, filters, limit)
    counts = calls.counts_by_status(client, filters)
    named = [("All", ""), *STATUSES]
    return {
        parts.gap: "",
        parts.status: gr.update(choices=[(f"{name} {counts[s]}", s) for name, s in named], value=filters.status),
        parts.reason: filters.reason,
        parts.text: filters.text,
        parts.channel: gr.update(
            choices=[("Any channel", ""), *((channel_name(name), name) for name in calls.channels(client))],
            value=filters.channel,
        ),
        parts.gaps: shown(gap_list(rows, total, filtered=filters.restrict, extendable=limit < calls.MOST)),
        parts.limit: str(limit),
        parts.notice: "",
        parts.gap_id: "",
    }


def _opened(parts: _Page, client: Client, gap_id: str) -> Changes:
    found = calls.opened(client, gap_id)
    gap = found.gap
    return {
        parts.gap: shown(gap_page(gap, found.nearest)),
        parts.refusal: shown(_read_only(gap, found.refusal)) if found.refusal else "",
        parts.new_status: gap["status"],
        parts.note: gap["note"],
        parts.history: shown(history_list(gap["history"])),
        parts.notice: "",
        parts.gap_id: str(gap["id"]),
        parts.last_change: "",
    }


def _read_only(gap: Json, refusal: str) -> Any:
    return element(
        "div",
        element("p", "Status: ", element("strong", status_name(gap["status"]))),
        element("p", "Note: ", gap["note"]) if gap["note"] else None,
        element("p", refusal, " You can read them; a designer's or an administrator's key changes it."),
        class_="read-only",
    )


def _changed(parts: _Page, gap: Json, field: str) -> Changes:
    last = gap["history"][-1] if gap["history"] else None
    if last is None or last["field"] != field or last["new"] != gap[field]:
        return {parts.notice: notice("It was so already; nothing changed.")}
    undo = element("button", "Undo", type="button", class_="small-button", data_press="undo-change")
    words = f"Status is now {status_name(gap['status'])}." if field == "status" else "The note is saved."
    return {
        parts.new_status: gap["status"],
        parts.note: gap["note"],
        parts.history: shown(history_list(gap["history"])),
        parts.notice: notice(words, undo, kind="good"),
        parts.last_change: json.dumps(
            {"gap_id": str(gap["id"]), "field": field, "old": last["old"], "new": last["new"]}
        ),
    }


def _undone(parts: _Page, client: Client, last: Json) -> Changes:
    """Back to what it was, unless somebody else changed it meanwhile."""
    if calls.opened(client, last["gap_id"]).gap[last["field"]] != last["new"]:
        return {parts.notice: notice("Somebody changed this meanwhile; open the gap again to see it.", kind="bad")}
    gap = calls.changed(client, last["gap_id"], last["field"], last["old"])
    return {
        parts.new_status: gap["status"],
        parts.note: gap["note"],
        parts.history: shown(history_list(gap["history"])),
        parts.notice: notice("Undone.", kind="good"),
        parts.last_change: "",
    }
