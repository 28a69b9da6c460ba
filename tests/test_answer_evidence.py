"""What the answer half knows moves a contact's cause by Bayes' rule and is shown; nothing known moves nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from making import chunks, document, vector

from assistant.gaplog.board import ThemeFilter, prices
from assistant.gaplog.log import GapLog
from assistant.gaps import shapes
from assistant.gaps.distributions import answer_evidence, distribution
from assistant.gaps.triage import CAUSES, STAGES, load_triage
from assistant.gaps.triage import Contact as Asked
from assistant.gaps.triage.answered import KINDS, Known, outcome, weighed
from assistant.models.embedder import OnnxMiniLM
from assistant.records import NewContact, NewSignal, Reason
from assistant.store.contacts import Contacts
from assistant.store.corpus import Corpus
from assistant.store.database import open_database, sqlite_url
from assistant.store.overrides import Overrides
from assistant.store.signals import Signals

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
QUESTION = "How do I move the list of folders to the right side of the window?"


@pytest.fixture
def log(tmp_path: Path, embedder: OnnxMiniLM) -> Iterator[GapLog]:
    database = open_database(sqlite_url(tmp_path), create=True)
    yield GapLog(database, embedder, prices((6, 14), (28, 45)), "EUR", "Desk")
    database.close()


def heard(log: GapLog, number: int, **more: object) -> int:
    values = {"token": f"t:{number}", "kind": "question", "channel": "email", "at": AT, "text": QUESTION}
    return Contacts(log.database).add(NewContact(**{**values, **more}))  # type: ignore[arg-type]


def article(log: GapLog) -> str:
    corpus, made = Corpus(log.database), document("folders", "The list of folders can stand on the right.")
    parts = chunks(made)
    corpus.put(corpus.source("/a", "file", {}), made.key, made, parts,
               {c.content_hash: vector(c.embedded_text) for c in parts}, "seeded-384")  # fmt: skip
    return made.key


def shares(log: GapLog, number: int) -> dict[str, float]:
    return distribution(Contacts(log.database).get(number).reason, "cause")


@pytest.mark.parametrize(
    ("known", "found"),
    [
        (Known(), ""),
        (Known("gap"), "nothing_found"),
        (Known("answered", 0.9), "answered"),
        (Known("answered", 0.4), ""),
        (Known("answered", 0.9, public=False), "from_tickets"),
        (Known("answered", 0.9, often=True), "answered_often"),
        (Known("answered", 0.9, signals={"edited"}), "differs"),
        (Known("answered", 0.9, signals={"rejected"}, reasons={"unclear"}), "unclear"),
        (Known("answered", 0.9, signals={"rejected"}), ""),
    ],
)
def test_one_outcome_says_most(known: Known, found: str) -> None:
    assert outcome(known) == found


@pytest.mark.parametrize(
    ("found", "kind"),
    [("nothing_found", "missing"), ("differs", "wrong"), ("unclear", "unclear"), ("answered", "hard_to_find")],
)
def test_an_outcome_names_the_kind_of_documentation_trouble(embedder: OnnxMiniLM, found: str, kind: str) -> None:
    label = load_triage().label([Asked("1", "", QUESTION)], embedder)[0].cause
    told = weighed(label, found)
    assert told.kinds[0][0] == kind
    assert sum(p for _, p in told.kinds) == pytest.approx(1)
    assert sum(p for _, p in told.cause.distribution) == pytest.approx(1)


def test_where_nothing_is_known_or_it_weighs_nothing_the_label_is_the_fitted_one(embedder: OnnxMiniLM) -> None:
    model, asked = load_triage(), [Asked("1", "", QUESTION)]
    fitted = model.label(asked, embedder)[0]
    assert model.label(asked, embedder, outcomes={"2": "answered"})[0] == fitted
    neutral = model.label(asked, embedder, outcomes={"1": "answered"}, factor=1.0)[0].cause
    assert dict(neutral.distribution) == pytest.approx(dict(fitted.cause.distribution))


def test_an_answer_from_a_public_article_speaks_for_design_and_what_becomes_known_later_is_taken_in(
    log: GapLog,
) -> None:
    key = article(log)
    plain, answered, bare = (
        heard(log, 1),
        heard(log, 2, verdict="answered", confidence=0.9, nearest=(key,)),
        heard(log, 3, verdict="gap"),
    )
    log.labelling.label_new()
    assert shares(log, answered)["design"] > shares(log, plain)["design"]
    assert shares(log, bare) == pytest.approx(shares(log, plain), abs=1e-3)
    Signals(log.database).add_all([NewSignal("edited:1", "edited", AT, answered, source_key=key, value=0.8)])
    log.labelling.learn()
    assert log.labelling.label_new() == 1
    told = shapes.contact_json(Contacts(log.database).get(answered))
    assert told["outcome"] == "differs"
    log.labelling.learn()
    assert log.labelling.label_new() == 0


def test_a_themes_shares_sum_to_one_and_it_tells_what_its_answers_say(log: GapLog) -> None:
    key = article(log)
    ids = [heard(log, n, verdict="answered", confidence=0.9, nearest=(key,)) for n in range(4)]
    ids += [heard(log, 9, verdict="gap"), heard(log, 10)]
    log.labelling.label_new()
    log.labelling.embed_new()
    made = log.night()
    assert made.contacts == len(ids)
    Overrides(log.database).add(ids[0], "ann", cause="design")
    found = log.board.page(log.board.period(), ThemeFilter()).themes
    assert found
    for view in found:
        assert sum(p for _, p in view.cause.shares) == pytest.approx(1, abs=1e-3)
        assert sum(p for _, p in view.stage.shares) == pytest.approx(1, abs=1e-3)
        told = shapes.view_json(view)["answers"]
        assert told["outcomes"] == {"answered": 4, "nothing_found": 1}
        assert list(told["kinds"]) == ["hard_to_find", *[k for k in told["kinds"] if k != "hard_to_find"]]
        assert set(told["kinds"]) == set(KINDS)


def test_labels_of_an_earlier_release_leave_the_rest_to_the_others() -> None:
    old = Reason("design", 0.5, "use", 0.75)
    assert sum(distribution(old, "cause", CAUSES).values()) == pytest.approx(1)
    assert distribution(old, "stage", STAGES)["set_up"] == pytest.approx(0.05)
    assert answer_evidence([old], CAUSES).kinds == ()
