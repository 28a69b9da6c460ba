"""The board: themes ranked by what they cost, one theme's page, listening, the week's digest, the knowledge's map.

The page's address says what is shown (`?theme=T12`, `?listen=T12`, `?digest=2024-W30`, `?view=knowledge`), the server
renders it, the script sends what people do. Values that events pass on are hidden fields: a `gr.State` would hold a
connection open for each tab, and browsers allow six.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode

import gradio as gr

from ui import board_calls as calls
from ui.board_digest import digest_page, not_yet_page
from ui.board_list import list_page
from ui.board_listen import listen_page
from ui.board_loose import loose_page
from ui.board_retests import retests_page
from ui.board_silence import silence_page
from ui.board_theme import theme_page
from ui.board_words import Json, press
from ui.board_work import work_pane
from ui.client import ApiError, Client
from ui.look import QUIET, Doors, hidden_button, hidden_field, masthead, page_header, panel, told
from ui.rendering import Html, element, notice, shown

_NOT_YET = 503
_PAGES = (
    ("?", "Themes"),
    ("?digest=latest", "Digest"),
    ("?view=knowledge", "Knowledge"),
    ("?view=retests", "Asked again"),
)
_KEYS = (
    ("j k", "next, previous theme"),
    ("Enter", "open it"),
    ("l", "listen"),
    ("← →", "previous, next contact"),
    ("a", "accept, or the next step"),
    ("u", "undo the last change"),
    ("/", "search"),
    ("Esc", "back"),
)
_DONE = {
    "fix": "Shipped. The effect shows when there is enough data.",
    "unfix": "The fix is taken back.",
    "merge": "Merged.",
    "split": "Split off.",
    "place": "Put into the theme; it stays there.",
    "undo": "Undone.",
    "comment": "Comment added.",
    "proposal": "Proposed, with your name.",
    "withdraw": "Taken back.",
    "read": "",
}
_NO_UNDO = ("undo", "read")

Changes = dict[Any, Any]
"""New values by component, as Gradio takes them."""


@dataclass(frozen=True, slots=True)
class _Board:
    """The page's components."""

    header: gr.HTML
    content: gr.HTML
    notice: gr.HTML
    to_open: gr.Textbox
    open: gr.Button
    action: gr.Textbox
    act: gr.Button
    wanted_file: gr.Textbox
    fetch: gr.Button
    file: gr.Textbox


def build_board(doors: Doors) -> gr.Blocks:
    """The page."""
    page = gr.Blocks(title="Board · Waypost", fill_width=True, analytics_enabled=False)
    with page:
        board = _Board(
            header=page_header("/board"),
            content=panel(elem_id="board"),
            notice=panel(elem_id="notice"),
            to_open=hidden_field("to-open"),
            open=hidden_button("open"),
            action=hidden_field("action"),
            act=hidden_button("act"),
            wanted_file=hidden_field("wanted-file"),
            fetch=hidden_button("fetch"),
            file=hidden_field("file"),
        )
        _connect(page, board, doors)
    return page


def _connect(page: gr.Blocks, board: _Board, doors: Doors) -> None:
    def show(query: str, request: gr.Request) -> Changes:
        return _trying(board, doors, request, lambda client: {board.content: _page(client, query), board.notice: ""})

    def load(query: str, request: gr.Request) -> Changes:
        return {board.header: masthead("/board", request.username or "")} | show(query, request)

    def act(query: str, action: str, request: gr.Request) -> Changes:
        return _trying(board, doors, request, lambda client: _acted(board, client, query, json.loads(action)))

    def fetch(query: str, wanted: str, request: gr.Request) -> Changes:
        def work(client: Client) -> Changes:
            name, text = calls.download(client, wanted, calls.Wanted.of(_asked(query)))
            return {board.file: json.dumps({"name": name, "text": text}), board.notice: ""}

        return _trying(board, doors, request, work)

    screen = [board.content, board.notice]
    ready = "() => waypost.shown()"
    page.load(load, board.to_open, [board.header, *screen], js="() => [window.location.search]", **QUIET).then(
        None, js="() => { waypost.ready(); waypost.shown(); }"
    )
    board.open.click(
        show, board.to_open, screen, js="(...v) => waypost.instead(v)", trigger_mode="always_last", **QUIET
    ).then(None, js=ready)
    board.act.click(act, [board.to_open, board.action], screen, js="() => waypost.action()", **QUIET).then(
        None, js="() => waypost.acted()"
    )
    board.fetch.click(
        fetch, [board.to_open, board.wanted_file], [board.file, board.notice], js="() => waypost.wantedFile()", **QUIET
    ).then(None, board.file, js="(file) => waypost.saved(file)")


def _trying(board: _Board, doors: Doors, request: gr.Request, work: Callable[[Client], Changes]) -> Changes:
    """What `work` changes, or the server's own words where it refused."""
    try:
        with doors.open(request) as client:
            return work(client)
    except ApiError as error:
        return {board.notice: told(error)}


def _asked(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query.lstrip("?")).items()}


def _page(client: Client, query: str) -> str:
    asked = _asked(query)
    view = f"?view={asked.get('view')}"
    here = "?digest=latest" if "digest" in asked else view if view in dict(_PAGES) else "?"
    return shown(element("div", _navigation(here), _content(client, asked), class_="board-page"))


def _content(client: Client, asked: Mapping[str, str]) -> Html:
    if "theme" in asked:
        return _theme(client, asked["theme"], asked.get("period", ""))
    if "listen" in asked:
        return _listen(client, asked["listen"], again="again" in asked)
    if "digest" in asked:
        return _digest(client, asked["digest"])
    if asked.get("view") == "knowledge":
        return silence_page(calls.knowledge(client), asked.get("finding", ""))
    if asked.get("view") == "retests":
        return retests_page(calls.retests(client))
    wanted = calls.Wanted.of(asked)
    if asked.get("view") == "loose":
        return _loose(client, wanted)
    limit = min(int(asked["limit"]), calls.MOST) if asked.get("limit", "").isdecimal() else calls.PAGE
    return list_page(calls.themes(client, wanted, limit), wanted, limit)


def _digest(client: Client, week: str) -> Html:
    try:
        return digest_page(*calls.digest(client, week))
    except ApiError as error:
        if error.status != _NOT_YET:
            raise
        return not_yet_page(str(error))


def _theme(client: Client, theme_id: str, period: str) -> Html:
    theme = calls.theme(client, theme_id, period)
    refusal = calls.refusal(client, theme_id)
    listed = calls.themes(client, calls.Wanted(period=period), 200)
    back = f"?{urlencode({'period': period})}" if period else "?"
    return element(
        "div",
        _left(client, theme, period, listed["currency"], back, may_change=not refusal),
        element(
            "aside",
            work_pane(
                theme, listed["themes"], f"{refusal} You can read the board and propose fixes." if refusal else ""
            ),
        ),
        class_="one-theme",
        data_theme=theme["id"],
    )


def _loose(client: Client, wanted: calls.Wanted) -> Html:
    listed = calls.themes(client, calls.Wanted(period=wanted.period), 200)["themes"]
    may_change = bool(listed) and not calls.refusal(client, listed[0]["id"])
    return loose_page(calls.loose(client, wanted), listed, wanted, may_change=may_change)


def _left(client: Client, theme: Json, period: str, currency: str, back: str, *, may_change: bool) -> Html:
    brief, evidence = calls.brief(client, theme["id"], period), calls.evidence(client, theme["id"], period)
    return theme_page(theme, brief, evidence, currency, back, may_change=may_change)


def _listen(client: Client, theme_id: str, *, again: bool) -> Html:
    theme = calls.theme(client, theme_id, "")
    unread = {} if again else {"unread": "true"}
    found = calls.contacts(client, theme_id, sample=calls.MOST_HEARD if again else calls.SAMPLE, **unread)
    return listen_page(theme, found, again=again, may_change=not calls.refusal(client, theme_id))


def _navigation(here: str) -> Html:
    links = (
        element("a", name, href=address if address != "?" else "/board", data_open=address,
                aria_current="page" if address == here else None)
        for address, name in _PAGES
    )  # fmt: skip
    keys = (element("div", element("dt", element("kbd", key)), element("dd", does)) for key, does in _KEYS)
    return element(
        "div",
        element("nav", *links, aria_label="Board"),
        element(
            "details",
            element("summary", "Keys"),
            element(
                "div",
                element("dl", *keys),
                element("label", element("input", type="checkbox", id="keys-on"), element("span", "on"), class_="tick"),
            ),
            class_="fold keys",
        ),
        class_="board-nav",
    )


def _acted(board: _Board, client: Client, query: str, action: Json) -> Changes:
    """The page as it is after the action, with the way back."""
    done = calls.act(client, action)
    kind = str(action["do"])
    if kind == "read":
        return {board.notice: ""}
    undo = None if kind in _NO_UNDO else _undo(client, action, done)
    words = _reason_words(action) if kind == "reason" else _DONE.get(kind) or _set_words(action)
    return {board.content: _page(client, query), board.notice: notice(words, *([undo] if undo else []), kind="good")}


def _reason_words(action: Json) -> str:
    said = action.get("cause", "") or action.get("stage", "")
    return "Noted; it counts as the truth and trains." if said else "Taken back: the model's word counts again."


def _set_words(action: Json) -> str:
    if action["do"] == "ignore":
        return "Ignored: it is listed no more." if action["ignored"] else "Listed again."
    return "Dismissed." if action.get("status") == "dismissed" else "Saved."


def _undo(client: Client, action: Json, done: Json) -> Html | None:
    """The button that takes back what was just done: the latest change of the theme that it is written on."""
    if action["do"] == "reason":
        field = "cause" if "cause" in action else "stage"
        before = {field: action.get("was", ""), "was": action[field]}
        return press("Undo", {"do": "reason", "contact": action["contact"], **before})
    if action["do"] in ("comment", "proposal"):
        return press("Undo", {"do": "withdraw", "theme": done["theme_id"], "note": done["id"]})
    if action["do"] == "fix":
        return press("Undo", {"do": "unfix", "theme": done["theme_id"], "fix": done["id"]})
    theme_id = str(done.get("id", action["theme"]))
    history = done.get("history") or calls.theme(client, theme_id, "")["history"]
    latest = max(history, key=lambda change: int(change["id"]), default=None)
    return press("Undo", {"do": "undo", "theme": theme_id, "change": latest["id"]}) if latest else None
