"""Chunks follow the structure, hold every block once, and stay within what the model reads."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.domain import Chunk, Document
from ingest.chunk import LIMIT, chunks
from ingest.structure.html import from_html
from ingest.structure.plain import from_text
from ingest.structure.visible import Visible
from ingest.tickets import ticket_document


def count(texts: Sequence[str]) -> list[int]:
    """A token for each word, number or sign, or for six letters of a long word."""
    return [sum(1 + len(word) // 6 for word in re.findall(r"\w+|\S", text)) for text in texts]


def document(visible: Visible, title: str = "Title", kind: str = "doc") -> Document:
    assert kind in ("doc", "faq")
    return Document("k", "faq" if kind == "faq" else "doc", "public", title, visible.text, visible.blocks, "r")


def page(html: str, title: str = "Title", kind: str = "doc") -> Document:
    return document(from_html(html), title, kind)


def spans(made: Sequence[Chunk], source: Document) -> list[str]:
    return [source.text[chunk.start : chunk.end] for chunk in made]


def sentence(words: int, word: str = "word") -> str:
    return " ".join([word] * (words - 1)) + " end."


def test_a_section_is_one_chunk_with_title_and_path_above_it() -> None:
    source = page(f"<h1 id='a'>Mail</h1><p>{sentence(60)}</p><h2 id='b'>Sort</h2><p>{sentence(60)}</p><p>x</p>")
    made = chunks(source, count, target=80)
    assert [chunk.heading_path for chunk in made] == [("Mail",), ("Mail", "Sort")]
    assert [chunk.anchor for chunk in made] == ["a", "b"]
    assert made[1].embedded_text == f"Title\nMail > Sort\n{sentence(60)}\n\nx"
    assert made[1].content_hash == hashlib.sha256(made[1].embedded_text.encode()).hexdigest()


def test_small_neighbouring_sections_share_a_chunk_and_their_headings_move_into_it() -> None:
    source = page("<h1>Mail</h1><h2>Sort</h2><p>one</p><h2>Find</h2><p>two</p>")
    made = chunks(source, count)
    assert len(made) == 1
    assert made[0].heading_path == ("Mail",)
    assert made[0].embedded_text == "Title\nMail\nSort\n\none\n\nFind\n\ntwo"


def test_a_list_stays_whole_with_the_sentence_that_introduces_it() -> None:
    steps = "".join(f"<li>{sentence(20)}</li>" for _ in range(6))
    source = page(f"<p>{sentence(90)}</p><p>Do this:</p><ol>{steps}</ol><p>{sentence(90)}</p>")
    made = chunks(source, count, target=120, limit=250)
    assert len(made) == 3
    assert spans(made, source)[1].startswith("Do this:")
    assert spans(made, source)[1].count("end.") == 6


def test_a_list_larger_than_the_model_reads_is_cut_between_steps() -> None:
    source = page("<ol>" + "".join(f"<li>{sentence(50)}</li>" for _ in range(12)) + "</ol>")
    made = chunks(source, count, limit=250)
    assert len(made) == 3
    assert all(span.endswith("end.") for span in spans(made, source))


def test_a_long_table_repeats_its_header_only_in_what_is_embedded() -> None:
    rows = "".join(f"<tr><td>key {n}</td><td>{sentence(20)}</td></tr>" for n in range(30))
    source = page(f"<table><tr><th>Key</th><th>Does</th></tr>{rows}</table>")
    made = chunks(source, count, limit=200)
    assert len(made) > 2
    assert all("\nKey" in chunk.embedded_text for chunk in made)
    assert [span.startswith("Key") for span in spans(made, source)] == [True] + [False] * (len(made) - 1)


def test_code_is_not_cut() -> None:
    code = "\n".join(f"x = {n}" for n in range(20))
    source = page(f"<p>{sentence(100)}</p><pre>{code}</pre>")
    assert code in spans(chunks(source, count, target=110), source)


def test_a_question_with_its_answer_is_one_chunk() -> None:
    source = page(f"<h2>Why?</h2><p>{sentence(90)}</p><p>{sentence(90)}</p>", kind="faq")
    assert len(chunks(source, count, target=60)) == 1


def test_a_paragraph_larger_than_the_model_reads_is_cut_at_sentence_ends() -> None:
    source = page("<p>" + " ".join(sentence(30) for _ in range(20)) + "</p>")
    made = chunks(source, count, limit=200)
    assert len(made) >= 3
    assert all(span.startswith("word") and span.endswith("end.") for span in spans(made, source))
    assert " ".join(spans(made, source)) == source.text


def test_a_document_of_headings_alone_can_still_be_found() -> None:
    assert [c.embedded_text for c in chunks(page("<h1>One</h1><h2>Two</h2>"), count)] == ["Title\nOne\n\nTwo"]


def test_an_empty_document_has_no_chunks() -> None:
    assert chunks(page(""), count) == ()


def test_tokens_are_counted_in_one_call() -> None:
    calls: list[int] = []

    def counting(texts: Sequence[str]) -> list[int]:
        calls.append(len(texts))
        return count(texts)

    chunks(page("".join(f"<h2>{n}</h2><p>{sentence(80)}</p>" for n in range(9))), counting)
    assert len(calls) == 1


def test_a_ticket_is_its_problem_and_at_most_two_resolutions() -> None:
    said = "c It is slow.|c Since Monday.|a Compact the folder.|c No.|a Which?|c Inbox.|a Rebuild the index."
    sides = {"c": "customer", "a": "agent"}
    messages = [{"by": sides[line[0]], "text": line[2:]} for line in said.split("|")]
    source = ticket_document({"id": 1, "created": "2024-07-01", "subject": "Slow", "messages": messages})
    made = chunks(source, count)
    assert [(chunk.role, chunk.embedded_text) for chunk in made] == [
        ("problem", "Slow\nIt is slow.\n\nSince Monday."),
        ("resolution", "Slow\nCompact the folder."),
        ("resolution", "Slow\nRebuild the index."),
    ]


def test_long_tickets_stay_within_what_the_model_reads() -> None:
    long = " ".join(sentence(30) for _ in range(100))
    source = ticket_document(
        {
            "id": "1",
            "created": "2024-07-01",
            "messages": [{"by": "customer", "text": long}, {"by": "agent", "text": long}],
        }
    )
    made = chunks(source, count)
    assert [chunk.role for chunk in made] == ["problem", "resolution", "resolution"]
    assert all(size <= LIMIT for size in count([chunk.embedded_text for chunk in made]))


PARTS = st.lists(
    st.one_of(
        st.integers(1, 3).map(lambda level: f"<h{level}>Head</h{level}>"),
        st.integers(1, 400).map(lambda words: f"<p>{sentence(words)} {sentence(5)}</p>"),
        st.integers(1, 12).map(lambda n: "<ol>" + f"<li>{sentence(25)}</li>" * n + "</ol>"),
        st.integers(1, 20).map(
            lambda n: "<table><tr><th>H</th></tr>" + f"<tr><td>{sentence(12)}</td></tr>" * n + "</table>"
        ),
        st.sampled_from(
            ["<pre>a\nb</pre>", "<p>Do this:</p>", "<p>" + "x" * 5000 + "</p>", "<p>" + "字" * 3000 + "</p>"]
        ),
    ),
    max_size=12,
)


@given(PARTS, st.integers(40, 250), st.booleans())
@settings(max_examples=150, deadline=None)
def test_every_block_lies_in_chunks_that_are_in_order_and_do_not_overlap(
    parts: list[str], target: int, faq: bool
) -> None:
    source = page("".join(parts), kind="faq" if faq else "doc")
    made = chunks(source, count, target=target)
    end = 0
    covered = bytearray(len(source.text))
    for chunk in made:
        assert end <= chunk.start < chunk.end <= len(source.text)
        assert chunk.embedded_text.endswith(source.text[chunk.start : chunk.end].strip())
        covered[chunk.start : chunk.end] = b"\x01" * (chunk.end - chunk.start)
        end = chunk.end
    if any(block.kind != "heading" for block in source.blocks):
        missed = "".join(c for c, seen in zip(source.text, covered, strict=True) if not seen)
        assert not missed.strip("Head\n ")
    assert all(size <= LIMIT + 2 for size in count([chunk.embedded_text for chunk in made]))


@given(st.text(max_size=3000))
@settings(max_examples=100, deadline=None)
def test_any_text_is_chunked_the_same_way_twice(text: str) -> None:
    source = document(from_text(text))
    assert chunks(source, count) == chunks(source, count)


def test_the_articles_of_the_bench_are_read_and_cut_within_the_limit() -> None:
    folder = os.environ.get("WAYPOST_BENCH")
    if not folder:
        pytest.skip("WAYPOST_BENCH is not set: the shared data is not here")
    made = 0
    with (Path(folder) / "thunderbird" / "documents.jsonl").open(encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            source = page(record["html"], record["title"])
            for chunk in chunks(source, count):
                made += 1
                assert "Table of Contents" not in source.text[chunk.start : chunk.end]
                assert count([chunk.embedded_text])[0] <= LIMIT + 2
    assert 600 < made < 1800
