"""What the board asks of the API, and the changes that it sends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote

from ui.board_words import Json
from ui.client import ApiError, Client

PAGE = 50
MOST = 500
SAMPLE = 12
MOST_HEARD = 100
PERIODS = (("", "Last 4 weeks"), ("7", "Last week"), ("91", "Last 13 weeks"), ("364", "Last year"), ("all", "Ever"))
_EVER = "2000-01-01"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which themes to list, as the page's address has it; empty fields do not restrict. `period` is in days."""

    period: str = ""
    status: str = ""
    cause: str = ""
    stage: str = ""
    channel: str = ""
    text: str = ""
    ignored: str = ""
    signal: str = ""

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> Wanted:
        """From the address's parameters; what we do not know is left out."""
        return cls(**{f.name: asked[f.name] for f in fields(cls) if f.name in asked})

    @property
    def restrict(self) -> bool:
        """Whether anything but the period is set."""
        return any(getattr(self, f.name) for f in fields(self) if f.name != "period")

    def parameters(self) -> dict[str, str]:
        """The filters for the API, without the period."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "period"}


def themes(client: Client, wanted: Wanted, limit: int = PAGE) -> Json:
    """The list of a period."""
    found: Json = client.get("/v1/themes", {**wanted.parameters(), **span(client, wanted.period), "limit": limit})
    return found


def span(client: Client, period: str) -> dict[str, str]:
    """The days of a period that ends with the latest contact, as the API counts its own four weeks."""
    if not period:
        return {}
    if period == "all":
        return {"since": _EVER}
    last = date.fromisoformat(client.get("/v1/themes", {"limit": 1})["period"]["last"])
    days = int(period) if period.isdecimal() else 28
    return {"since": (last - timedelta(days=min(max(days, 1), 36_500) - 1)).isoformat(), "until": last.isoformat()}


def theme(client: Client, theme_id: str, period: str) -> Json:
    """One theme with its notes, fixes and history."""
    found: Json = client.get(_path(theme_id), span(client, period))
    return found


def brief(client: Client, theme_id: str, period: str) -> Json:
    """What a designer reads before drawing."""
    found: Json = client.get(_path(theme_id, "brief"), span(client, period))
    return found


def evidence(client: Client, theme_id: str, period: str) -> Json:
    """What the theme's signals rest on, and what retests changed for its questions."""
    found: Json = client.get(_path(theme_id, "evidence"), span(client, period))
    return found


def loose(client: Client, wanted: Wanted) -> Json:
    """Contacts of a period that no theme holds."""
    asked = {"theme": "none", "text": wanted.text, "limit": PAGE, **span(client, wanted.period)}
    found: Json = client.get("/v1/contacts", asked)
    return found


def retests(client: Client) -> Sequence[Json]:
    """The latest retests, each with what it changed."""
    found: Sequence[Json] = client.get("/v1/retests", {"limit": 20})["runs"]
    return found


def contacts(client: Client, theme_id: str, **parameters: Any) -> Json:
    """Contacts of a theme: a varied sample, or a page."""
    found: Json = client.get(_path(theme_id, "contacts"), parameters)
    return found


def refusal(client: Client, theme_id: str) -> str:
    """Why the visitor may not change themes, empty when they may: a change of nothing changes nothing and tells."""
    try:
        client.patch(_path(theme_id), {})
    except ApiError as error:
        if error.status == 403:
            return str(error)
        raise
    return ""


def digest(client: Client, week: str) -> tuple[Json | None, list[str]]:
    """The list of a week ("latest": of the last one that has ended), and the weeks to choose from, latest first.

    The last whole week of contacts has one as soon as somebody looks at it.
    """
    listed = client.get("/v1/themes", {"limit": 1})
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    last = min(date.fromisoformat(listed["period"]["last"]), yesterday)
    ended = {_week_of(last - timedelta(days=last.isoweekday() % 7))} if listed["all_contacts"] else set()
    weeks = sorted({*client.get("/v1/digests")["weeks"], *ended}, reverse=True)
    asked = week if week != "latest" else (weeks[0] if weeks else "")
    return (client.get(f"/v1/digests/{quote(asked, safe='')}", {"format": "json"}) if asked else None), weeks


def knowledge(client: Client) -> Json:
    """The map of the knowledge."""
    found: Json = client.get("/v1/silence")
    return found


def download(client: Client, what: str, wanted: Wanted) -> tuple[str, str]:
    """A file's name and text: `themes.csv`, `digest/2024-W30.html`, `brief/T12.md`, `article/T12.md`."""
    kind, _, rest = what.partition("/")
    if kind == "themes":
        suffix = {"csv": "csv", "md": "md", "github": "json"}.get(rest, "csv")
        text = client.text("/v1/exports/themes", {"format": rest, **wanted.parameters(), **span(client, wanted.period)})
        return f"themes-{rest}.{suffix}", text
    if what == "silence/csv":
        return "knowledge.csv", client.text("/v1/silence", {"format": "csv"})
    name, _, suffix = rest.rpartition(".")
    if kind == "digest":
        return f"digest-{rest}", client.text(f"/v1/digests/{quote(name, safe='')}", {"format": suffix})
    if kind in ("brief", "article"):
        return f"{name}-{kind}.md", client.text(_path(name, kind), {"format": "md", **span(client, wanted.period)})
    raise ApiError(f"Expected a file of the board, found {what!r}.", 0)


def act(client: Client, action: Json) -> Json:
    """Do what a page asked for, and return the API's answer.

    Raises:
        ApiError: an unknown action, or the server's refusal.
    """
    work = _ACTIONS.get(str(action.get("do")))
    if work is None:
        raise ApiError(f"Expected an action of the board, found {action.get('do')!r}. Reload the page.", 0)
    try:
        found: Json = work(client, action)
    except (KeyError, TypeError) as error:
        raise ApiError(f"The page sent an action without {error}. Reload the page.", 0) from error
    return found


def _set(client: Client, action: Json) -> Any:
    return client.patch(_path(action["theme"]), {k: action[k] for k in _SETTABLE if k in action})


def _fix(client: Client, action: Json) -> Any:
    sent = {k: action[k] for k in ("what", "shipped_on", "link", "picked_by", "picked_on") if action.get(k)}
    return client.post(_path(action["theme"], "fixes"), sent)


def _split(client: Client, action: Json) -> Any:
    sent = {"contacts": [int(each) for each in action["contacts"]]}
    return client.post(_path(action["theme"], "split"), sent | ({"name": action["name"]} if action.get("name") else {}))


def _undo(client: Client, action: Json) -> Any:
    change = action.get("change")
    return client.post(_path(action["theme"], "undo"), {"change": int(change)} if change is not None else {})


def _reason(client: Client, action: Json) -> Any:
    said = {k: action[k] for k in ("cause", "stage", "prevented_by") if action.get(k) is not None}
    return client.put(f"/v1/contacts/{int(action['contact'])}/reason", said)


_SETTABLE = ("name", "status", "reason", "owner", "due", "tracker", "cause", "stage")
_ACTIONS: Mapping[str, Callable[[Client, Json], Any]] = {
    "set": _set,
    "fix": _fix,
    "split": _split,
    "place": lambda c, a: c.post(_path(a["theme"], "contacts"), {"contacts": [int(a["contact"])]}),
    "undo": _undo,
    "reason": _reason,
    "unfix": lambda c, a: c.delete(_path(a["theme"], f"fixes/{int(a['fix'])}")),
    "merge": lambda c, a: c.post(_path(a["theme"], "merge"), {"from": a["from"]}),
    "ignore": lambda c, a: c.post(_path(a["theme"], "ignore"), {"ignored": bool(a["ignored"])}),
    "comment": lambda c, a: c.post(_path(a["theme"], "comments"), {"text": a["text"]}),
    "proposal": lambda c, a: c.post(_path(a["theme"], "proposals"), {"text": a["text"]}),
    "withdraw": lambda c, a: c.delete(_path(a["theme"], f"notes/{int(a['note'])}")),
    "read": lambda c, a: c.post(f"/v1/contacts/{int(a['contact'])}/read", {}),
}


def _path(theme_id: str, below: str = "") -> str:
    return f"/v1/themes/{quote(str(theme_id), safe='')}" + (f"/{below}" if below else "")


def _week_of(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"
