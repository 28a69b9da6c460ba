"""Whatever is given, the answer is one clear line, the right exit code, and nothing else is affected."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest
from commands import WAYPOST, Ended, environment, waypost
from making import SeededEmbedder

from assistant.domain import Question
from assistant.errors import DataDirectoryError, SettingsError, UsageError
from assistant.settings import load_settings
from assistant.store.corpus import Corpus
from assistant.store.database import Database, open_database
from assistant.store.knowledge import StoredKnowledge
from ingest.build import Summary, ingest
from ingest.sources.files import open_path
from ingest.sources.item import Defaults
from ui.commands.lines import line_of, questions, written
from ui.home import open_home


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with three articles."""
    place = tmp_path_factory.mktemp("filled")
    source = place / "a.jsonl"
    records = [
        {"id": "reset", "title": "Reset your password", "text": "Open Settings and choose Reset password."},
        {"id": "bill", "title": "Read your bill", "text": "Open Billing to see every invoice."},
        {"id": "app", "title": "Install the app 📱", "text": "Get the app from the store. Größe: 20 MB."},
    ]
    source.write_text("".join(json.dumps(record) + "\n" for record in records))
    ended = waypost("ingest", source, data=place / "data")
    assert ended.code == 0, ended.err
    return place / "data"


def refused(ended: Ended, code: int, *words: str) -> None:
    assert ended.code == code, (ended.out, ended.err)
    for word in words:
        assert word in ended.err, ended.err
    said = [line for line in ended.err.splitlines() if line.startswith("waypost: ")]
    assert len(said) <= 1


def read(database: Database, path: Path, **options: Any) -> Summary:
    return ingest(open_path(str(path), Defaults(**options)), Corpus(database), SeededEmbedder())


GOOD = "# Good\n\nThis one is fine."


@pytest.mark.parametrize(
    ("name", "raw", "reason"),
    [
        ("empty.md", b"", "found an empty document"),
        ("blank.txt", b" \n\t\n ", "found an empty document"),
        ("invisible.txt", "\u200b\u2060\ufeff".encode(), "found an empty document"),
        ("heading.html", b"<script>alert(1)</script><style>p{}</style>", "found an empty document"),
        ("image.txt", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, "found binary data"),
        ("zip.md", b"PK\x03\x04" + bytes(2000), "found binary data"),
        ("noise.html", bytes(range(256)) * 400, "found binary data"),
        ("big.txt", b"word " * 4_100_000, "expected at most 20,000,000 bytes, found 20,500,000"),
        ("front.md", b"---\nid: [1, 2]\n---\n\nText.", "id: "),
        ("table.csv", b"a,b\n1,2\n", "expected columns 'question' and 'answer', found a, b"),
        ("quote.csv", b'question,answer\n"open,never closed\n', "expected a CSV table"),
        ("line.jsonl", b'{"id": 1, "text": "x"', "expected one JSON object in UTF-8"),
        ("deep.jsonl", b"[" * 200_000 + b"]" * 200_000, "expected one JSON object in UTF-8"),
        ("list.jsonl", b'["a"]', "expected one JSON object, found list"),
        ("number.jsonl", b'{"id": "x", "title": "X", "text": {"a": 1}}', "text: "),
        ("time.jsonl", b'{"id": "x", "text": "x", "updated_at": "yesterday"}', "updated_at"),
        ("kind.jsonl", b'{"id": "x", "text": "x", "kind": "poem"}', "kind"),
        ("ticket.jsonl", b'{"id": "x", "created": "2024-01-01", "messages": "no"}', "field messages"),
    ],
)  # fmt: skip
def test_a_file_that_holds_no_document_is_left_out_with_the_reason(
    sqlite_database: Database, tmp_path: Path, name: str, raw: bytes, reason: str
) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "good.md").write_text(GOOD)
    (folder / name).write_bytes(raw)
    summary = read(sqlite_database, folder)
    assert summary.added == 1
    assert summary.failed >= 1
    assert any(reason in failure["reason"] for failure in summary.failures), summary.failures
    assert all(name in failure["reason"] or "Ticket" in failure["reason"] for failure in summary.failures)


def test_a_document_of_fifty_megabytes_is_refused_and_the_next_is_read(
    sqlite_database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    with path.open("w") as file:
        file.write(json.dumps({"id": "huge", "title": "Huge", "text": "x" * 50_000_000}) + "\n")
        file.write(json.dumps({"id": "small", "title": "Small", "text": "Small."}) + "\n")
    summary = read(sqlite_database, path)
    assert (summary.added, summary.failed) == (1, 1)
    assert "expected at most 20,000,000 bytes, found 50,000," in summary.failures[0]["reason"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "latin-1"])
def test_text_is_read_in_the_encoding_that_it_has(sqlite_database: Database, tmp_path: Path, encoding: str) -> None:
    text = "Größe ändern: öffnen Sie die Einstellungen und wählen Sie die Größe für das Fenster aus."
    (tmp_path / "a.txt").write_bytes(text.encode(encoding))
    assert read(sqlite_database, tmp_path / "a.txt").added == 1
    assert StoredKnowledge(sqlite_database).version("a.txt").text == text


@pytest.mark.parametrize("bad", ["\x00", "\ud800", "\u202e", "\U000e0041"])
def test_characters_that_cannot_be_stored_or_seen_are_taken_out_everywhere(
    sqlite_database: Database, tmp_path: Path, bad: str
) -> None:
    names = ("id", "title", "text", "url", "locale", "product")
    ticket = {
        "id": f"t{bad}1", "created": "2024-01-01", "subject": f"S{bad}", "url": f"https://x.example/{bad}",
        "status": f"open{bad}", "channel": f"mail{bad}", "tags": [f"a{bad}b"],
        "messages": [{"by": "customer", "text": f"My app {bad} does not start at all."}],
    }  # fmt: skip
    records = [{name: f"value{bad}of {name}" for name in names}, ticket]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records))
    summary = read(sqlite_database, tmp_path / "a.jsonl")
    assert (summary.added, summary.failures) == (2, [])
    stored = StoredKnowledge(sqlite_database).version("valueof id")
    assert (stored.title, stored.text, stored.url) == ("valueof title", "valueof text", "valueof url")
    assert StoredKnowledge(sqlite_database).version("t1").title == "S"
    assert read(sqlite_database, tmp_path / "a.jsonl").unchanged == 2


def test_a_file_name_that_is_no_utf8_is_spelt_out(sqlite_database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    Path(os.fsdecode(os.fsencode(folder) + b"/gr\xf6\xdfe.md")).write_text(GOOD)
    assert read(sqlite_database, folder).added == 1
    assert StoredKnowledge(sqlite_database).version(r"gr\xf6\xdfe.md").live


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "expected one JSON object in UTF-8"),
        ("[1]", 'expected an object with "id"'),
        ('{"text": "x"}', 'expected an object with "id"'),
        ('{"id": 1}', 'expected an object with "id"'),
        ('{"id": 1, "text": 5}', 'a string "text"'),
        ("[" * 100_000, "expected one JSON object in UTF-8"),
    ],
)  # fmt: skip
def test_a_bad_line_of_a_batch_is_named(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(f'{{"id": 1, "text": "ok"}}\n\n{line}\n')
    with pytest.raises(UsageError, match=r"q\.jsonl, line 3: ") as caught:
        questions(path)
    assert words in str(caught.value)


def test_a_question_may_be_anything_that_is_text(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    texts = ["?", "", "x" * 150_000, "\x00\ud800", "é"]
    path.write_text(
        "".join(json.dumps({"id": n, "text": text, "created": "soon"}) + "\n" for n, text in enumerate(texts))
    )
    found = questions(path)
    assert [len(q.text) for q in found] == [1, 0, 100_000, 0, 1]
    assert found[0] == Question("?", id="0")


def test_an_id_comes_back_as_it_went_in(tmp_path: Path) -> None:
    for key in ("é", "\ud83d", "📱", 'a"b'):
        line = line_of({"id": key})
        assert json.loads(line)["id"] == key
        line.encode()


def test_a_result_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out.jsonl"

    def stopped() -> None:
        with written(out) as write:
            write({"id": 1})
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert list(out.parent.iterdir()) == []
    with written(out) as write:
        write({"id": 1})
    assert out.read_text() == '{"id": 1}\n'
    for place in (tmp_path, out / "below"):
        with pytest.raises(UsageError, match="--out"), written(place):
            pass


@pytest.mark.parametrize("address", ["nonsense", "oracle://x/y", "sqlite:///a/b\x00", "postgresql+psycopg://[::1/x"])
def test_a_database_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises((SettingsError, DataDirectoryError)):
        open_database(address, create=True)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("colour = 1", "unknown key 'colour'"),
        ("[server]\nprot = 1", "unknown key 'server.prot'"),
        ("[server]\nport = 99999", "server.port: .* found 99999"),
        ("[server", "not readable as TOML"),
        ("[models]\nembedder = 5", "models.embedder"),
    ],
)  # fmt: skip
def test_settings_are_refused_by_name(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "waypost.toml").write_text(text)
    with pytest.raises(SettingsError, match=words):
        load_settings(tmp_path)


def test_places_that_hold_no_data_are_refused_each_in_its_own_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataDirectoryError, match=r"There is no data directory at .*waypost ingest"):
        open_home(tmp_path / "missing")
    with pytest.raises(DataDirectoryError, match="holds no Waypost data yet"):
        open_home(tmp_path / "empty")
    with pytest.raises(DataDirectoryError, match=r"Expected a folder at .*, found a file"):
        open_home(tmp_path / "file", create=True)
    with pytest.raises(DataDirectoryError, match="cannot be written: Not a directory"):
        open_home(tmp_path / "file" / "below", create=True)
    with pytest.raises(DataDirectoryError, match="File name too long"):
        open_home(tmp_path / ("x" * 300), create=True)
    with pytest.raises(DataDirectoryError):
        open_home(tmp_path / ("x" * 300))


def test_a_damaged_database_is_said_to_be_damaged_wherever_it_is_found(filled: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(filled, data)
    raw = bytearray((data / "waypost.sqlite").read_bytes())
    with sqlite3.connect(data / "waypost.sqlite") as connection:
        (page_size,) = connection.execute("PRAGMA page_size").fetchone()
        roots = "SELECT rootpage FROM sqlite_master WHERE tbl_name IN ('chunks', 'documents')"
        pages = [row[0] for row in connection.execute(roots)]
    connection.close()
    for page in pages:
        raw[(page - 1) * page_size : page * page_size] = b"\xff" * page_size
    (data / "waypost.sqlite").write_bytes(raw)
    for command in (["search", "password"], ["ask", "password"], ["ingest", str(data)], ["gaps", "list"], ["doctor"]):
        ended = waypost(*command, data=data)
        if command != ["gaps", "list"]:
            assert ended.code == 1, (command, ended.out, ended.err)
            assert "malformed" in ended.err + ended.out


def test_commands_that_were_used_wrongly_end_with_2(filled: Path, tmp_path: Path) -> None:
    batch = tmp_path / "q.jsonl"
    batch.write_text('{"id": 1, "text": "x"}\nnot json\n')
    refused(waypost("search", "x", "--kind", "poem", data=filled), 2, "faq, doc, ticket", "poem")
    refused(waypost("search", data=filled), 2, "either a question or --batch")
    refused(waypost("ask", "  ", data=filled), 2, "only blanks")
    refused(waypost("ask", "--batch", tmp_path / "none.jsonl", data=filled), 2, "found none")
    refused(waypost("search", "--batch", batch, data=filled), 2, "q.jsonl, line 2")
    refused(waypost("ingest", tmp_path / "nowhere", data=filled), 2, "found nothing")
    refused(waypost("ingest", filled / "waypost.sqlite", data=filled), 2, ".jsonl")
    refused(waypost("ingest", batch, "--kind", "poem", data=filled), 2, "poem")
    refused(waypost("search", "x", data=filled, extra={"WAYPOST_COLOUR": "1"}), 2, "WAYPOST_COLOUR", "WAYPOST_SERVER")
    refused(waypost("search", "x", "--config", tmp_path / "none.toml", data=filled), 2, "none.toml")


def test_commands_that_could_not_do_it_end_with_1(filled: Path, tmp_path: Path) -> None:
    newer = tmp_path / "newer"
    newer.mkdir()
    shutil.copy(filled / "waypost.sqlite", newer)
    with sqlite3.connect(newer / "waypost.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    (tmp_path / "file").write_text("x")
    for command in (["search", "x"], ["serve", "--port", "0"], ["keys", "create", "ann"]):
        refused(waypost(*command, data=tmp_path / "missing"), 1, "no data directory", "waypost ingest")
    refused(waypost("search", "x", data=newer), 1, "9999", "newer")
    refused(waypost("ingest", filled, data=tmp_path / "file"), 1, "found a file")
    assert not (tmp_path / "missing").exists()


def test_a_port_in_use_is_named(filled: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused(waypost("serve", "--port", port, data=filled), 2, port, "in use", "--port")


def test_the_longest_and_the_shortest_question_are_answered(filled: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    batch = tmp_path / "q.jsonl"
    texts = ["?", "", "reset password " * 10_000, "x" * 100_000, "\ud800", "\x00", "🙂", "\n" * 500]
    batch.write_text("".join(json.dumps({"id": f"{n}\ud83d", "text": text}) + "\n" for n, text in enumerate(texts)))
    for command in ("search", "ask"):
        ended = waypost(command, "--batch", batch, "--out", out, data=filled)
        assert ended.code == 0, ended.err
        answered = [json.loads(line) for line in out.read_text().splitlines()]
        assert [a["id"] for a in answered] == [f"{n}\ud83d" for n in range(len(texts))]
    for text in ("?", b"\xff\xfe password", "x" * 100_000):
        assert waypost("search", text, data=filled).code == 0


def test_a_reader_that_has_seen_enough_ends_the_command_quietly(filled: Path, tmp_path: Path) -> None:
    batch = tmp_path / "q.jsonl"
    batch.write_text("".join(json.dumps({"id": n, "text": "reset password"}) + "\n" for n in range(400)))
    process = subprocess.Popen(
        [*WAYPOST, "search", "--batch", str(batch)],
        env=environment(filled),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    error = process.stderr.read().decode()
    process.wait(timeout=60)
    process.stderr.close()
    assert error == ""


@pytest.mark.parametrize(
    "line",
    [
        {"id": "q", "text": "How do I print?"},
        {"id": "q", "title": "Printing", "text": "How do I print?", "channel": "email"},
        {"id": "q", "title": "Printing", "text": "How do I print?", "created": "2026-06-02T06:58:00Z"},
        {"id": "q", "title": "Printing", "text": "How do I print?", "relevant": ["print"], "expected": "answered"},
    ],
)
def test_a_question_among_lines_never_becomes_an_article(
    sqlite_database: Database, tmp_path: Path, line: dict[str, object]
) -> None:
    article = {"id": "print", "title": "Print", "text": "Choose File, then Print."}
    said = [{**line, "id": "faq", "kind": "faq"}, {**line, "id": "mine", "audience": "internal"}]
    path = tmp_path / "lines.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in (article, line, *said)), "utf-8")
    summary = read(sqlite_database, path)
    assert (summary.added, summary.failed) == (3, 1)
    assert "looks like a question" in summary.failures[0]["reason"]
