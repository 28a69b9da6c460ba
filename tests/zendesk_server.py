"""Zendesk's interface as its reference describes it, over a small account: pages, cursors, limits, keys."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

from local_site import Asked, Given, as_json

USER, KEY = "ann@help.example", "zd-key-7"
_AUTHORIZED = "Basic " + base64.b64encode(f"{USER}/token:{KEY}".encode()).decode()
_PEOPLE = {
    1: {"id": 1, "name": "Carla Customer", "email": "carla@mail.example", "role": "end-user"},
    2: {"id": 2, "name": "Arno Agent", "email": "arno@help.example", "role": "agent"},
}


@dataclass
class Zendesk:
    """One account. `now` grows with every change, and the incremental export's cursors are its moments."""

    articles: dict[int, dict[str, Any]] = field(default_factory=dict)
    macros: dict[int, dict[str, Any]] = field(default_factory=dict)
    tickets: dict[int, dict[str, Any]] = field(default_factory=dict)
    comments: dict[int, list[Any]] = field(default_factory=dict)
    now: int = 1_750_000_000
    page: int = 2
    exports: list[int] = field(default_factory=list)

    def article(self, number: int, body: str, **fields: Any) -> None:
        self.articles[number] = {
            "id": number, "title": f"Article {number}", "body": body, "draft": False, "user_segment_id": None,
            "user_segment_ids": [], "locale": "en-us", "html_url": f"https://help.example/hc/articles/{number}",
            "created_at": "2026-01-01T10:00:00Z", "updated_at": "2026-01-02T10:00:00Z", **fields,
        }  # fmt: skip

    def macro(self, number: int, text: str, **fields: Any) -> None:
        actions = [{"field": "status", "value": "solved"}, {"field": "comment_value", "value": ["channel:all", text]}]
        self.macros[number] = {"id": number, "title": f"Macro {number}", "actions": actions, "active": True}
        self.macros[number] |= {"restriction": None, **fields}

    def ticket(self, number: int, *said: tuple[int, str, bool], **fields: Any) -> None:
        self.now += 10
        self.tickets[number] = {
            "id": number, "subject": f"Ticket {number}", "created_at": "2026-03-01T10:00:00Z", "status": "solved",
            "updated_at": "2026-03-02T10:00:00Z", "generated_timestamp": self.now, "requester_id": 1,
            "via": {"channel": "email"}, "tags": ["printer"], "satisfaction_rating": {"score": "good"}, **fields,
        }  # fmt: skip
        self.comments[number] = [
            {
                "id": number * 100 + n, "author_id": author, "plain_body": text, "public": public,
                "created_at": f"2026-03-01T1{n}:00:00Z", "via": {"channel": "email"},
            }
            for n, (author, text, public) in enumerate(said)
        ]  # fmt: skip

    def __call__(self, asked: Asked) -> Given:
        if asked.headers.get("authorization") != _AUTHORIZED:
            return as_json({"error": "Couldn't authenticate you"}, 401)
        parts = asked.path.removesuffix(".json").split("/")
        if "help_center" in parts:
            locale = "" if parts[4] == "articles" else parts[4]
            found = [a for a in self.articles.values() if not locale or a.get("locale") == locale]
            return self._paged(asked, "articles", found)
        if parts[3] == "macros":
            return self._paged(asked, "macros", list(self.macros.values()))
        if parts[3] == "incremental":
            return self._export(asked)
        if parts[-1] == "comments" and int(parts[4]) in self.comments:
            return self._paged(asked, "comments", self.comments[int(parts[4])], users=list(_PEOPLE.values()))
        if parts[3] == "tickets" and len(parts) == 5 and int(parts[4]) in self.tickets:
            return as_json({"ticket": self.tickets[int(parts[4])]})
        return as_json({"error": "RecordNotFound"}, 404)

    def _paged(self, asked: Asked, name: str, records: list[Any], **more: Any) -> Given:
        assert asked.query.get("page[size]") == "100", asked.query
        start = int(asked.query.get("page[after]", "0"))
        end = start + self.page
        base = f"http://{asked.headers['host']}{asked.path}?page[size]=100&page[after]={end}"
        has_more = end < len(records)
        meta = {"has_more": has_more, "after_cursor": str(end) if has_more else None}
        return as_json({name: records[start:end], "meta": meta, "links": {"next": base if has_more else None}, **more})

    def _export(self, asked: Asked) -> Given:
        since = int(asked.query.get("cursor") or asked.query["start_time"])
        changed = sorted((t for t in self.tickets.values() if t["generated_timestamp"] > since), key=_moment)
        part = changed[: self.page]
        after = str(part[-1]["generated_timestamp"] if part else since)
        return as_json({
            "tickets": part, "after_cursor": after, "end_of_stream": len(changed) <= self.page,
            "users": list(_PEOPLE.values()) if "users" in asked.query.get("include", "") else None,
        })  # fmt: skip


def _moment(ticket: dict[str, Any]) -> int:
    return int(ticket["generated_timestamp"])
