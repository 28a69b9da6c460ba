"""Exports of helpdesks as files: the same records as from the interface, published or not, and fields gone wrong."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpdesk_servers import KEY, Chatwoot, Freshdesk, Intercom
from local_site import local_site
from making import SeededEmbedder
from syncing_desk import Desk
from zendesk_server import KEY as ZENDESK_KEY
from zendesk_server import USER, Zendesk

from ingest.build import Summary, ingest
from ingest.sources.files import open_path
from ingest.sources.item import Defaults

ASKED = ("customer", "The display stays dark in the morning.", True)
NOTE = ("agent", "He always complains.", False)
ANSWER = ("agent", "Hold the left button for ten seconds.", True)


def zendesk() -> list[Any]:
    account = Zendesk()
    account.article(901, "<p>Hold the left button until the light is blue.</p>", section_id=7, author_id=3)
    account.article(902, "<p>For staff.</p>", section_id=7, user_segment_id=12, author_id=3)
    account.article(903, "<p>Not finished.</p>", section_id=7, draft=True, author_id=3)
    account.ticket(1, (1, ASKED[1], True), (2, NOTE[1], False), (2, ANSWER[1], True))
    people = {"requester": {"id": 1, "name": "Carla Customer", "role": "end-user"}}
    return [*account.articles.values(), {**account.tickets[1], **people, "comments": account.comments[1]}]


def freshdesk() -> list[Any]:
    account = Freshdesk()
    for number in (901, 902, 903):
        account.article(number, f"Hold button {number}.", is_published=number != 903)
    account.articles[901]["folder"] = {"visibility": 1}
    account.ticket(1, ASKED, NOTE, ANSWER)
    return [*account.articles.values(), {**account.tickets[1], "conversations": account._conversations(1)}]


def older_freshdesk() -> list[Any]:
    *articles, ticket = freshdesk()
    notes = [{"note": note} for note in ticket.pop("conversations")]
    return [*articles, {"helpdesk_ticket": {**ticket, "id": 88, "display_id": 1, "notes": notes}}]


def intercom() -> list[Any]:
    account = Intercom()
    account.article(901, "Hold the left button.")
    account.article(902, "Without an address.", audience="internal")
    account.article(903, "Not finished.", is_published=False)
    account.ticket(1, ASKED, NOTE, ANSWER)
    return [*({**a, "author_id": 3} for a in account.articles.values()), account._whole(1)]


def chatwoot() -> list[Any]:
    account = Chatwoot(page=100)
    account.article(901, "Hold the left button.")
    account.article(902, "In an archived portal.")
    account.articles[902]["portal"] = {"slug": "old", "archived": True}
    account.article(903, "Not finished.", is_published=False)
    account.ticket(1, ASKED, NOTE, ANSWER)
    messages = [
        {"id": n, "content": text, "message_type": 0 if who == "customer" else 1, "private": not seen}
        for n, (who, text, seen) in enumerate((ASKED, NOTE, ANSWER))
    ]
    return [*account.articles.values(), {**account.tickets[1], "messages": messages}]


MADE: list[Callable[[], list[Any]]] = [zendesk, freshdesk, older_freshdesk, intercom, chatwoot]


def read(desk: Desk, file: Path) -> Summary:
    return ingest(open_path(str(file), Defaults()), desk.home.corpus, SeededEmbedder(), allow_empty=True)


@pytest.mark.parametrize("made", MADE, ids=lambda made: made.__name__)
@pytest.mark.parametrize("shape", ["lines", "list", "object"])
def test_an_export_is_read_with_audience_drafts_and_notes_as_from_the_interface(
    desk: Desk, tmp_path: Path, made: Callable[[], list[Any]], shape: str
) -> None:
    records = made()
    file = tmp_path / ("export.jsonl" if shape == "lines" else "export.json")
    whole = {"articles": records[:-1], "tickets": records[-1:], "count": 4} if shape == "object" else records
    file.write_text("\n".join(map(json.dumps, records)) if shape == "lines" else json.dumps(whole))
    summary = read(desk, file)
    assert (summary.added, summary.failed, summary.failures) == (3, 0, [])
    assert desk.live() == ["1", "901", "902"]
    assert [desk.document(key)["audience"] for key in desk.live()] == ["internal", "public", "internal"]
    ticket = desk.document("1")
    assert "complains" not in ticket["text"]
    assert [block.kind for block in ticket["blocks"]] == ["customer", "agent"]


def test_an_article_that_is_a_draft_again_is_gone(desk: Desk, tmp_path: Path) -> None:
    records = zendesk()
    file = tmp_path / "export.jsonl"
    file.write_text("\n".join(map(json.dumps, records)))
    read(desk, file)
    records[0]["draft"] = True
    file.write_text("\n".join(map(json.dumps, records)))
    assert read(desk, file).removed == 1
    assert "901" not in desk.live()


def test_other_json_in_a_folder_is_left_alone_and_by_name_is_refused_with_the_remedy(
    desk: Desk, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "package.json").write_text('{"name": "x", "files": [1, 2]}')
    (folder / "page.md").write_text("# Page\n\nSome text of the page.\n")
    assert read(desk, folder).failed == 0
    assert "JSON Lines" in read(desk, folder / "package.json").failures[0]["reason"]


@pytest.mark.parametrize("depth", [900, 990, 100_000])
def test_json_however_deep_is_left_out_and_its_neighbour_read(desk: Desk, tmp_path: Path, depth: int) -> None:
    deep = '{"id": 1, "comments": [], "via": ' + "[" * depth + "]" * depth + "}"
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "deep.json").write_text(f"[{deep}]")
    (tmp_path / "files" / "page.md").write_text("# Page\n\nSome text of the page.\n")
    read(desk, tmp_path / "files")
    assert desk.live() == ["page.md"]


JUNK = (None, 0, -1, "", "x", [], {}, [None], {"a": None}, True, 1e300, "9" * 400, ["x", {"id": 1}], "\ud800", "\x00")


def spoilt(record: Any, dice: random.Random) -> Any:
    """A copy with one value somewhere replaced by junk, or one field missing."""
    found = copy.deepcopy(record)
    place = found
    while isinstance(place, dict | list) and place:
        key = dice.choice(list(place)) if isinstance(place, dict) else dice.randrange(len(place))
        if dice.random() < 0.4 or not isinstance(place[key], dict | list) or not place[key]:
            if isinstance(place, dict) and dice.random() < 0.2:
                del place[key]
            else:
                place[key] = dice.choice(JUNK)
            break
        place = place[key]
    return found


@pytest.mark.parametrize("made", MADE, ids=lambda made: made.__name__)
def test_no_field_gone_wrong_stops_a_file(desk: Desk, tmp_path: Path, made: Callable[[], list[Any]]) -> None:
    dice = random.Random(7)
    records = [spoilt(record, dice) for _ in range(60) for record in made()]
    file = tmp_path / "export.jsonl"
    file.write_text("\n".join(map(json.dumps, [*records, {"id": "whole", "title": "T", "text": "Still here."}])))
    read(desk, file)
    assert "whole" in desk.live()


@pytest.mark.parametrize("kind", [Zendesk, Freshdesk, Intercom, Chatwoot])
def test_no_field_gone_wrong_stops_a_sync_or_opens_what_is_internal(
    desk: Desk, kind: type[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESK_KEY", ZENDESK_KEY if kind is Zendesk else KEY)
    dice = random.Random(11)
    account = kind(page=100)
    options = {"token_env": "DESK_KEY", "user": USER} if kind is Zendesk else account.options()
    for number in range(1, 40):
        if kind is Zendesk:
            account.article(number + 900, "<p>Text.</p>", user_segment_id=5)
            account.ticket(number, (1, ASKED[1], True), (2, NOTE[1], False), (2, ANSWER[1], True))
            account.comments[number] = spoilt(account.comments[number], dice)
        else:
            account.article(number + 900, "Text.")
            account.ticket(number, ASKED, NOTE, ANSWER)
        inner = {
            key: account.articles[number + 900][key]
            for key in ("id", "folder_id")
            if (kind is Freshdesk and key == "folder_id") or key == "id"
        }
        account.articles[number + 900] = {**spoilt(account.articles[number + 900], dice), **inner}
        kept = {
            key: account.tickets[number][key]
            for key in ("id", "updated_at", "last_activity_at", "generated_timestamp")
            if key in account.tickets[number]
        }
        account.tickets[number] = {**spoilt(account.tickets[number], dice), **kept}
    account.article(999, "<p>Whole.</p>")
    with local_site(account) as site:
        desk.add(account.kind if kind is not Zendesk else "zendesk", site.url, **options)
        summary = desk.sync()
    assert summary["error"] == ""
    assert "999" in desk.live()
    assert all("complains" not in desk.document(key)["text"] for key in desk.live())
    if kind is Zendesk:
        opened = [key for key in desk.live() if desk.document(key)["audience"] == "public"]
        assert [key for key in opened if account.articles[int(key)].get("user_segment_id", 5) is not None] == []


@pytest.mark.parametrize("audience", ["internal", "public"])
def test_exported_macros_have_the_audience_of_the_settings(desk: Desk, tmp_path: Path, audience: str) -> None:
    account = Zendesk()
    account.macro(5, "Restart the display.")
    canned = {"id": 6, "title": "Restart", "content_html": "<p>Restart it.</p>", "folder_id": 8}
    records = [
        account.macros[5],
        {**canned, "folder": {"personal": False}},
        {**canned, "id": 7},
        {"type": "macro", "id": "8", "name": "Restart", "body": "<p>Restart it.</p>", "visible_to": "everyone"},
        {"id": 9, "short_code": "restart", "content": "Restart it."},
    ]
    path = tmp_path / "macros.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    source = open_path(str(path), Defaults(macros="public" if audience == "public" else "internal"))
    ingest(source, desk.home.corpus, SeededEmbedder())
    found = {key: desk.document(key)["audience"] for key in ("macro-5", "canned-6", "canned-7", "macro-8", "canned-9")}
    assert found == {**dict.fromkeys(found, audience), "canned-7": "internal"}
