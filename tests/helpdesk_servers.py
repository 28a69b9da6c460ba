"""Freshdesk, Intercom and Chatwoot as their references describe them, each over a small account.

All three take the same calls from a test: `article`, `withdraw`, `ticket`, `delete`.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from local_site import Asked, Given, as_json

KEY = "desk-key-9"
Said = tuple[str, str, bool]
"""Who ("customer" or "agent"), what, and whether the customer saw it."""


@dataclass
class Account:
    """What every helpdesk here has; `now` grows with every change. `keeps_own`: not all agents share all answers."""

    articles: dict[int, Any] = field(default_factory=dict)
    tickets: dict[int, Any] = field(default_factory=dict)
    said: dict[int, list[Said]] = field(default_factory=dict)
    now: int = field(default_factory=lambda: int(datetime.now(UTC).timestamp()))
    page: int = 2
    keeps_own: bool = False

    def withdraw(self, number: int) -> None:
        del self.articles[number]

    def tick(self) -> int:
        self.now += 10
        return self.now

    def of_page(self, asked: Asked, records: list[Any]) -> list[Any]:
        start = (int(asked.query.get("page", "1")) - 1) * self.page
        return records[start : start + self.page]


def iso(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


NAMED, READY = "Hi {{contact.name}},", "Please restart it."


def _canned(folder: str) -> dict[str, Any]:
    """A canned response of Freshdesk; the one in folder 9 is an agent's own."""
    number = 1 if folder == "8" else 2
    return {"id": number, "title": "Restart", "content_html": f"<p>{NAMED}</p><p>{READY}</p>", "folder_id": int(folder)}


def _macro(number: str, visible_to: str) -> dict[str, Any]:
    body = {"body": f"<p>{NAMED}</p><p>{READY}</p>", "body_text": f"{NAMED}\n{READY}", "updated_at": 1_750_000_000}
    return {"type": "macro", "id": number, "name": "Restart", "visible_to": visible_to, **body}


@dataclass
class Freshdesk(Account):
    """Folders: 1 is for everybody, 2 for customers who signed in, 3 lies open inside of 2."""

    page: int = 100
    asks_for_ratings: bool = True
    kind = "freshdesk"
    first_path = "/api/v2/solutions/folders/1/articles"
    tickets_path = "/api/v2/tickets"

    def options(self) -> dict[str, Any]:
        return {"token_env": "DESK_KEY"}

    def article(self, number: int, text: str, *, audience: str = "public", is_published: bool = True) -> None:
        self.articles[number] = {
            "id": number, "title": f"Article {number}", "description": f"<p>{text}</p>",
            "folder_id": 1 if audience == "public" else 3, "status": 2 if is_published else 1,
            "updated_at": iso(self.tick()), "created_at": iso(self.now),
        }  # fmt: skip

    def ticket(self, number: int, *said: Said) -> None:
        self.tickets[number] = {
            "id": number, "subject": f"Ticket {number}", "status": 4, "source": 1, "created_at": iso(1_750_000_000),
            "updated_at": iso(self.tick()), "description_text": said[0][1], "description": "", "tags": ["printer"],
            "requester": {"id": 5, "name": "Carla Customer", "email": "carla@mail.example"},
        }  # fmt: skip
        self.said[number] = list(said[1:])

    def delete(self, number: int) -> None:
        self.tickets[number] |= {"deleted": True, "updated_at": iso(self.tick())}

    def __call__(self, asked: Asked) -> Given:
        if asked.headers.get("authorization") != "Basic " + base64.b64encode(f"{KEY}:X".encode()).decode():
            return as_json({"code": "invalid_credentials"}, 401)
        parts = asked.path.split("/")[3:]
        if parts[0] == "solutions":
            return as_json(self.of_page(asked, self._solutions(parts)))
        if parts[0] == "canned_response_folders":
            folders = [{"id": 8, "name": "General", "personal": False}, {"id": 9, "name": "Mine", "personal": True}]
            shown = folders if self.keeps_own else folders[:1]
            return as_json(self.of_page(asked, shown if len(parts) == 1 else [_canned(parts[1])]))
        if len(parts) == 1:
            return as_json(self._tickets(asked))
        number = int(parts[1])
        if number not in self.tickets or self.tickets[number].get("deleted"):
            return Given(404)
        if parts[2:] == ["satisfaction_ratings"]:
            return as_json(self._ratings(number)) if self.asks_for_ratings else as_json({"code": "access_denied"}, 403)
        return as_json(self.of_page(asked, self._conversations(number)) if len(parts) == 3 else self.tickets[number])

    def _solutions(self, parts: list[str]) -> list[Any]:
        if parts[1:] == ["categories"]:
            return [{"id": 9, "name": "General"}]
        if parts[-1] == "folders":
            return [{"id": 1, "visibility": 1}, {"id": 2, "visibility": 2, "sub_folders_count": 1}]
        if parts[-1] == "subfolders":
            return [{"id": 3, "visibility": 1}]
        return [a for a in self.articles.values() if int(parts[2]) == (a["folder_id"] if isinstance(a, dict) else 1)]

    def _tickets(self, asked: Asked) -> list[Any]:
        wanted = asked.query.get("filter") == "deleted"
        changed = [
            t for t in self.tickets.values()
            if asked.query.get("filter") != "spam" and bool(t.get("deleted")) is wanted
            and t["updated_at"] >= asked.query["updated_since"]
        ]  # fmt: skip
        assert (asked.query["order_by"], asked.query["order_type"]) == ("updated_at", "asc")
        return self.of_page(asked, sorted(changed, key=lambda t: str(t["updated_at"])))

    def _ratings(self, number: int) -> list[Any]:
        return [
            {"id": 1, "ticket_id": number, "ratings": {"default_question": -102}, "created_at": iso(1_750_000_000)},
            {"id": 2, "ticket_id": number, "ratings": {"default_question": 103}, "created_at": iso(1_750_000_900)},
        ]

    def _conversations(self, number: int) -> list[Any]:
        return [
            {
                "id": n, "body_text": text, "body": "", "incoming": who == "customer", "private": not is_public,
                "user_id": 6, "created_at": iso(1_750_000_000 + n),
            }
            for n, (who, text, is_public) in enumerate(self.said[number])
        ]  # fmt: skip


@dataclass
class Intercom(Account):
    """One workspace."""

    kind = "intercom"
    first_path = "/articles"
    tickets_path = "/conversations"

    def options(self) -> dict[str, Any]:
        return {"token_env": "DESK_KEY", "read": "articles,conversations,macros"}

    def article(self, number: int, text: str, *, audience: str = "public", is_published: bool = True) -> None:
        self.articles[number] = {
            "id": str(number), "type": "article", "title": f"Article {number}", "body": f"<p>{text}</p>",
            "state": "published" if is_published else "draft", "default_locale": "en",
            "url": f"https://help.example/articles/{number}" if audience == "public" else None,
            "updated_at": self.tick(), "created_at": self.now,
        }  # fmt: skip

    def ticket(self, number: int, *said: Said) -> None:
        self.tickets[number] = {
            "type": "conversation", "id": str(number), "title": f"Ticket {number}", "state": "closed",
            "created_at": 1_750_000_000, "updated_at": self.tick(), "tags": {"tags": [{"name": "printer"}]},
            "conversation_rating": {"rating": 5},
            "source": {"type": "email", "subject": "", "body": f"<p>{said[0][1]}</p>", "author": _author("customer")},
        }  # fmt: skip
        self.said[number] = list(said[1:])

    def delete(self, number: int) -> None:
        del self.tickets[number]

    def __call__(self, asked: Asked) -> Given:
        if asked.headers.get("authorization") != f"Bearer {KEY}" or "intercom-version" not in asked.headers:
            return as_json({"type": "error.list", "errors": [{"code": "unauthorized"}]}, 401)
        if asked.path == "/articles":
            found = list(self.articles.values())
            total = max(1, -(-len(found) // self.page))
            return as_json({"type": "list", "data": self.of_page(asked, found), "pages": {"total_pages": total}})
        if asked.path == "/macros":
            macros = [_macro("1", "everyone"), _macro("2", "specific_teams")]
            shown = macros if self.keeps_own else macros[:1]
            return as_json({"type": "list", "data": shown, "pages": {}})
        if asked.path == "/conversations/search":
            return self._search(asked.json())
        number = int(asked.path.split("/")[2])
        return as_json(self._whole(number)) if number in self.tickets else Given(404)

    def _search(self, body: Any) -> Given:
        assert (body["query"]["field"], body["query"]["operator"]) == ("updated_at", ">")
        found = [t for t in self.tickets.values() if t["updated_at"] > body["query"]["value"]]
        found.sort(key=lambda t: -int(t["updated_at"]))
        start = int(body["pagination"].get("starting_after", "0"))
        end = start + self.page
        following = {"page": 2, "starting_after": str(end)} if end < len(found) else None
        return as_json({"conversations": found[start:end], "pages": {"type": "pages", "next": following}})

    def _whole(self, number: int) -> Any:
        parts = [
            {
                "id": str(n), "part_type": "comment" if is_public else "note", "body": f"<p>{text}</p>",
                "created_at": 1_750_000_000 + n, "author": _author(who),
            }
            for n, (who, text, is_public) in enumerate(self.said[number])
        ]  # fmt: skip
        parts.append({"id": "99", "part_type": "assignment", "body": None, "author": _author("agent")})
        return {**self.tickets[number], "conversation_parts": {"conversation_parts": parts, "total_count": len(parts)}}


def _author(who: str) -> dict[str, str]:
    name, kind = ("Carla Customer", "user") if who == "customer" else ("Arno Agent", "admin")
    return {"type": kind, "id": "1", "name": name, "email": f"{kind}@mail.example"}


@dataclass
class Chatwoot(Account):
    """Account 3 with two portals; what is in the archived one nobody may see."""

    kind = "chatwoot"
    first_path = "/api/v1/accounts/3/portals/help/articles"
    tickets_path = "/api/v1/accounts/3/conversations"

    def options(self) -> dict[str, Any]:
        return {"token_env": "DESK_KEY", "account": 3}

    def article(self, number: int, text: str, *, audience: str = "public", is_published: bool = True) -> None:
        assert audience == "public", "a portal's articles are for everybody"
        self.articles[number] = {
            "id": number, "title": f"Article {number}", "content": text, "slug": f"article-{number}",
            "status": "published" if is_published else "draft", "updated_at": self.tick(), "locale": "en",
        }  # fmt: skip

    def ticket(self, number: int, *said: Said) -> None:
        self.tickets[number] = {
            "id": number, "status": "resolved", "labels": ["printer"], "created_at": 1_750_000_000,
            "last_activity_at": self.tick(), "additional_attributes": {"mail_subject": f"Ticket {number}"},
            "meta": {"channel": "Channel::Email", "sender": {"name": "Carla Customer", "email": "c@mail.example"}},
        }  # fmt: skip
        self.said[number] = list(said)

    def delete(self, number: int) -> None:
        del self.tickets[number]

    def __call__(self, asked: Asked) -> Given:
        if asked.headers.get("api_access_token") != KEY:
            return as_json({"error": "Invalid Access Token"}, 401)
        parts = asked.path.split("/")[5:]
        if parts == ["portals"]:
            config = {"allowed_locales": [{"code": "en", "articles_count": 2}], "default_locale": "en"}
            portals = [{"slug": "help", "config": config}, {"slug": "old", "archived": True, "config": config}]
            return as_json({"payload": portals})
        if parts[0] == "portals":
            assert parts[1] == "help"
            assert asked.query["locale"] == "en"
            return as_json({"payload": self.of_page(asked, list(self.articles.values())), "meta": {}})
        if parts[0] == "canned_responses":
            return as_json([{"id": 1, "short_code": "restart", "content": f"{NAMED}\n{READY}"}])
        if parts == ["conversations"]:
            assert (asked.query["status"], asked.query["sort_by"]) == ("all", "last_activity_at_desc")
            found = sorted(self.tickets.values(), key=lambda t: -int(t["last_activity_at"]))
            return as_json({"data": {"meta": {}, "payload": self.of_page(asked, found)}})
        number = int(parts[1])
        if number not in self.tickets:
            return Given(404)
        return as_json({"payload": self._messages(number, asked)} if len(parts) == 3 else self.tickets[number])

    def _messages(self, number: int, asked: Asked) -> list[Any]:
        messages = [
            {
                "id": n + 1, "content": text, "message_type": 0 if who == "customer" else 1, "private": not is_public,
                "created_at": 1_750_000_000 + n, "sender": {"name": "Arno Agent", "type": "user"},
            }
            for n, (who, text, is_public) in enumerate(self.said[number])
        ]  # fmt: skip
        survey = {"submitted_values": {"csat_survey_response": {"rating": 5, "feedback_message": ""}}}
        messages.append({"id": 999, "message_type": 3, "content_type": "input_csat", "content_attributes": survey})
        messages.append({"id": 1000, "content": "Conversation was resolved by Arno", "message_type": 2})
        before = int(asked.query.get("before", "1000000"))
        return [message for message in messages if message["id"] < before][-self.page :]
