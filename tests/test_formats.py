"""Every kind of file that a support team has becomes documents, tickets or contacts, with structure and identity."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import docx
import openpyxl
import pytest
from fpdf import FPDF
from making import SeededEmbedder

from assistant.domain import Document
from assistant.redaction import Rules
from assistant.store.contacts import Contacts
from assistant.store.corpus import Corpus
from assistant.store.database import Database
from ingest.build import Summary, ingest
from ingest.sources.files import open_path
from ingest.sources.item import Defaults


def loaded(path: Path, **defaults: object) -> dict[str, Document]:
    """Every document of the place, by its key at the source."""
    return {item.key: item.load() for item in open_path(str(path), Defaults(**defaults)).items()}  # type: ignore[arg-type]


def kinds(document: Document) -> list[tuple[str, str]]:
    return [(block.kind, document.text[block.start : block.end]) for block in document.blocks]


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def manual(pages: int) -> bytes:
    """A PDF with a header and a page number on each page, and a paragraph that runs over the page's end."""
    made = FPDF()
    made.set_title("The manual")
    below = {"new_x": "LMARGIN", "new_y": "NEXT"}
    for number in range(pages):
        made.add_page()
        made.set_font("Helvetica", "", 9)
        made.cell(0, 6, "ACME manual, edition 7", **below)
        made.set_font("Helvetica", "", 11)
        if number:
            made.multi_cell(0, 6, "which goes on here.", **below)
            made.ln(5)
        made.set_font("Helvetica", "B", 18)
        made.multi_cell(0, 10, f"Chapter {chr(65 + number)}", **below)
        made.set_font("Helvetica", "", 11)
        made.multi_cell(0, 6, "A paragraph that the layout breaks over lines because it is much longer than one line "
                              "of the page can be, so that it has to be put together again.", **below)  # fmt: skip
        made.ln(5)
        made.multi_cell(0, 6, "1. Open it\n2. Close it", **below)
        made.ln(5)
        made.multi_cell(0, 6, f"Paragraph {chr(65 + number)} at the end of the page,", **below)
        made.set_y(-20)
        made.set_font("Helvetica", "", 8)
        made.cell(0, 5, f"Page {number + 1} of {pages}")
    return bytes(made.output())


def test_a_pdf_has_headings_whole_paragraphs_and_no_page_furniture(tmp_path: Path) -> None:
    (tmp_path / "manual.pdf").write_bytes(manual(4))
    (document,) = loaded(tmp_path / "manual.pdf").values()
    assert document.title == "The manual"
    assert "edition" not in document.text
    assert "Page 1" not in document.text
    assert kinds(document)[:5] == [
        ("heading", "Chapter A"),
        ("paragraph", "A paragraph that the layout breaks over lines because it is much longer than one line of the "
                      "page can be, so that it has to be put together again."),
        ("step", "Open it"), ("step", "Close it"),
        ("paragraph", "Paragraph A at the end of the page, which goes on here."),
    ]  # fmt: skip


def test_a_word_document_keeps_headings_lists_and_tables(tmp_path: Path) -> None:
    made = docx.Document()
    made.add_heading("Reset the display", 1)
    made.add_paragraph("Before you start.")
    made.add_paragraph("Hold the button.", style="List Number")
    made.add_paragraph("Wait.", style="List Number")
    made.add_paragraph("A point", style="List Bullet")
    table = made.add_table(2, 2)
    for cell, text in zip((c for row in table.rows for c in row.cells), ("Light", "Means", "red", "stop"), strict=True):
        cell.text = text
    made.save(str(tmp_path / "reset.docx"))
    (document,) = loaded(tmp_path / "reset.docx").values()
    assert document.title == "Reset the display"
    assert kinds(document) == [
        ("heading", "Reset the display"), ("paragraph", "Before you start."), ("step", "Hold the button."),
        ("step", "Wait."), ("item", "A point"), ("row", "Light\tMeans"), ("row", "red\tstop"),
    ]  # fmt: skip
    assert [block.number for block in document.blocks if block.kind == "step"] == [1, 2]


def test_restructured_text_follows_no_file_and_no_raw_markup(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("TOP SECRET")
    page = tmp_path / "page.rst"
    page.write_text(
        "Set up\n======\n\nSee :doc:`the guide <guide>` and press :kbd:`F5`.\n\n.. include:: secret.txt\n\n"
        ".. raw:: html\n\n   <b>raw</b>\n\n.. tip:: Save first.\n\n"
        ".. tabs::\n\n   .. tab:: Mac\n\n      Open the menu.\n\n"
        "#. One\n#. Two\n"
    )
    (document,) = loaded(page).values()
    assert document.title == "Set up"
    assert "SECRET" not in document.text
    assert "raw" not in document.text
    assert [text for _, text in kinds(document)] == [
        "Set up", "See the guide and press F5.", "Tip", "Save first.", "Open the menu.", "One", "Two",
    ]  # fmt: skip


def test_a_workbook_of_questions_is_read_like_a_csv_of_them(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (("ID", "Question", "Answer"), ("q1", "How long?", "30 days."), ("q2", "How much?", 5)):
        sheet.append(row)
    book.save(tmp_path / "faq.xlsx")
    (tmp_path / "faq.csv").write_text("ID;Question;Answer\nq1;How long?;30 days.\nq2;How much?;5\n")
    from_book, from_csv = loaded(tmp_path / "faq.xlsx"), loaded(tmp_path / "faq.csv")
    assert {key: (d.title, d.text, d.kind) for key, d in from_book.items()} == {
        "q1": ("How long?", "30 days.", "faq"), "q2": ("How much?", "5", "faq"),
    }  # fmt: skip
    assert from_book == from_csv


def mail(
    number: int, sender: str, to: str, text: str, *, subject: str = "It broke", answers: str = "", **more: str
) -> str:
    headers = {
        "From": sender, "To": to, "Subject": subject, "Date": f"Mon, {number} Jul 2024 10:00:00 +0000",
        "Message-ID": f"<{number}@mail.example>", **({"References": answers} if answers else {}),
        **{name.replace("_", "-"): value for name, value in more.items()},
    }  # fmt: skip
    return "".join(f"{name}: {value}\n" for name, value in headers.items()) + f"\n{text}\n"


CUSTOMER, AGENT = "Ann Lee <ann@home.example>", "Bo Ray <bo@desk.example>"
THREAD = (
    mail(1, CUSTOMER, "help@desk.example", "The display is dark.\n\nAnn Lee"),
    mail(2, AGENT, CUSTOMER, "Hi Ann,\nhold the button, see https://help.example/kb/dark\n\nBo Ray",
         subject="Re: It broke", answers="<1@mail.example>"),
    mail(3, CUSTOMER, "help@desk.example", "That helped!\n\nOn 2 Jul 2024, Bo Ray wrote:\n> Hi Ann,\n> hold the button",
         subject="RE: It broke", answers="<1@mail.example> <2@mail.example>"),
)  # fmt: skip
OTHER = mail(4, "Cy <cy@else.example>", "help@desk.example", "Where is my order?", subject="Order")
ABSENT = mail(
    5,
    AGENT,
    "cy@else.example",
    "I am away.",
    subject="Re: Order",
    answers="<4@mail.example>",
    Auto_Submitted="auto-replied",
)


def test_mails_that_answer_each_other_are_one_ticket_however_they_are_kept(tmp_path: Path) -> None:
    letters = (*THREAD, OTHER, ABSENT)
    (tmp_path / "box.mbox").write_text("".join(f"From x Mon Jul  1 10:00:00 2024\n{letter}\n" for letter in letters))
    folder = tmp_path / "letters"
    folder.mkdir()
    for number, letter in enumerate(letters):
        (folder / f"{9 - number}.eml").write_text(letter)
    tickets = {d.title: d for d in loaded(tmp_path / "box.mbox").values()}
    assert set(tickets) == {"It broke", "Order"}
    broke = tickets["It broke"]
    assert [(b.kind, broke.text[b.start : b.end]) for b in broke.blocks] == [
        ("customer", "The display is dark."),
        ("agent", "Hi [person 1],\nhold the button, see https://help.example/kb/dark"),
        ("customer", "That helped!"),
    ]
    assert broke.agent_links == ("https://help.example/kb/dark",)
    assert (broke.kind, broke.audience, broke.channel) == ("ticket", "internal", "email")
    assert tickets["Order"].text == "Where is my order?"
    assert {d.key for d in loaded(folder).values()} == {d.key for d in tickets.values()}


def test_a_later_mail_changes_its_ticket_and_no_other(sqlite_database: Database, tmp_path: Path) -> None:
    for number, letter in enumerate((*THREAD[:2], OTHER)):
        (tmp_path / f"{number}.eml").write_text(letter)
    assert run(sqlite_database, tmp_path).added == 2
    (tmp_path / "3.eml").write_text(THREAD[2])
    again = run(sqlite_database, tmp_path)
    assert (again.added, again.updated, again.unchanged, again.removed) == (0, 1, 1, 0)


def test_the_desks_own_addresses_say_who_is_an_agent(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_text(mail(1, AGENT, CUSTOMER, "We changed your plan."))
    (tmp_path / "b.eml").write_text(
        mail(2, CUSTOMER, AGENT, "Why?", subject="Re: It broke", answers="<1@mail.example>")
    )
    (document,) = loaded(tmp_path, own_addresses=("desk.example",)).values()
    assert [block.kind for block in document.blocks] == ["agent", "customer"]


def test_an_archive_is_read_like_a_folder_and_twice_packed_is_enough(tmp_path: Path) -> None:
    deepest = zipped({"deep.md": "# Too deep"})
    inner = zipped({"inner.md": "# Inner\n\nText.", "three.zip": deepest})
    (tmp_path / "all.zip").write_bytes(
        zipped(
            {
                "a/b.md": "# B\n\nText.",
                "faq.csv": "question,answer\nWhy?,So.\n",
                "two.zip": inner,
                "x.bin": b"\0",
                ".hidden.md": "x",
            }
        )
    )
    items = {item.key: item for item in open_path(str(tmp_path / "all.zip"), Defaults()).items()}
    assert set(items) == {
        "all.zip/a/b.md",
        "all.zip/faq.csv#faq-1",
        "all.zip/two.zip/inner.md",
        "all.zip/two.zip/three.zip/",
    }
    assert items["all.zip/a/b.md"].load().title == "B"
    with pytest.raises(Exception, match="depth of 2"):
        items["all.zip/two.zip/three.zip/"].load()


NOTION = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"


def test_notion_and_confluence_pages_keep_their_identity_when_they_move(tmp_path: Path) -> None:
    before = zipped(
        {f"Help {NOTION[0]}.md": "# Help\n\nText.", f"Help {NOTION[0]}/Old name {NOTION[1]}.md": "# Old name\n\nMore."}
    )
    after = zipped({f"Moved/New name {NOTION[1]}.md": "# New name\n\nMore.", f"Help {NOTION[0]}.md": "# Help\n\nText."})
    path = tmp_path / "export.zip"
    path.write_bytes(before)
    first = loaded(path)
    assert {d.key: (d.title, d.tags) for d in first.values()} == {
        f"notion:{NOTION[0]}": ("Help", ()), f"notion:{NOTION[1]}": ("Old name", ("Help",)),
    }  # fmt: skip
    path.write_bytes(after)
    assert {d.key: (d.title, d.tags) for d in loaded(path).values()} == {
        f"notion:{NOTION[0]}": ("Help", ()), f"notion:{NOTION[1]}": ("New name", ("Moved",)),
    }  # fmt: skip
    path.write_bytes(
        zipped({"HELP/index.html": "<a>list</a>",
                "HELP/Set-up_12345.html": "<title>HELP : Set up</title><h1>Set up</h1><p>Do it.</p>",
                "HELP/67890.html": "<h1>Other</h1><p>Text.</p>"})
    )  # fmt: skip
    assert {d.key: d.tags for d in loaded(path).values()} == {
        "confluence:12345": ("HELP",),
        "confluence:67890": ("HELP",),
    }


def run(database: Database, path: Path) -> Summary:
    source = open_path(str(path), Defaults())
    return ingest(source, Corpus(database), SeededEmbedder(), hear=Contacts(database).add_all)


def test_reviews_become_contacts_with_their_rating_and_no_knowledge(sqlite_database: Database, tmp_path: Path) -> None:
    (tmp_path / "play_store.csv").write_text(
        "id,rating,review,created,author\nr1,1,Crashes. Mail me: a@x.org,2024-05-01,Ann\n"
        "r2,5,Great,2024-05-02,Bo\nr3,none,Odd,2024-05-02,Cy\n"
    )
    lines = [{"id": "s1", "nps": 10, "comment": "Fine", "channel": "survey", "created": "2024-05-03"}]
    (tmp_path / "nps.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    summary = run(sqlite_database, tmp_path)
    assert (summary.contacts, summary.added, summary.failed) == (3, 0, 1)
    again = run(sqlite_database, tmp_path)
    assert again.contacts == 3
    contacts = Contacts(sqlite_database)
    found = {c.token: c for c in contacts.many(range(1, 10))}
    assert {token: (c.kind, c.channel, c.rating, c.text) for token, c in found.items()} == {
        "review:play_store/r1": ("review", "play_store", 1.0, "Crashes. Mail me: [email 1]"),
        "review:play_store/r2": ("review", "play_store", 5.0, "Great"),
        "review:survey/s1": ("survey", "survey", 5.0, "Fine"),
    }
    assert found["review:play_store/r1"].person not in ("", "Ann")


def test_rules_of_the_desk_reach_mail(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_text(mail(1, CUSTOMER, "help@desk.example", "My order ORD-1234 is late."))
    (document,) = loaded(tmp_path / "a.eml", rules=Rules(patterns=(("order", r"ORD-\d+"),))).values()
    assert document.text == "My order [order 1] is late."
