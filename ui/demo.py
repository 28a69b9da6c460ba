"""`waypost demo`: the sample helpdesk of an invented company, in a data directory of its own."""

from __future__ import annotations

import hashlib
import re
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from assistant.domain import Audience, Question
from assistant.index.lock import own
from ui.commands.progress import shown
from ui.home import Home, open_home
from ui.intake import Intake
from ui.unchanged import data_folder

SAMPLE = Path(__file__).parent / "sample"
_SAMPLE_ENDS = date(2026, 6, 28)  # the last Sunday before its last contact
_DATE = re.compile(r"(?<!\d)20\d\d-\d\d-\d\d(?!\d)")
QUESTIONS = (
    "My wall display won't connect to the Wi-Fi at home, what should I check?",
    "How do I connect my iCloud calendar? And do the to-dos from Apple Reminders come along too?",
    "Does the wall display work with a Matter smart lock on our front door?",
)
"""One that is answered, one in part, one that is a gap."""

SETTINGS = """\
# The sample is small and its questions are worded on purpose unlike its articles, so that confidences are low.
# These thresholds were read off its own 68 questions (docs/evaluation.md); `waypost eval run` shows a desk's own.
[answering]
answer_threshold = 0.45
partial_threshold = 0.36

[desk]
name = "Fernway Support"
"""

AGENT: tuple[Audience, ...] = ("public", "internal")


def run(data: Path | None, *, once: bool, host: str | None, port: int | None) -> None:
    """Fill the demo's directory, then show the job in the terminal (`once`) or start the server."""
    folder = data_folder(data) if data else data_folder(None).with_name("waypost-demo")
    folder.mkdir(parents=True, exist_ok=True)
    if notice := own_settings(folder):
        print(notice)
    home = open_home(folder, create=True)
    sample = _recent(folder / "sample")
    _fill(home, sample)
    if once:
        _show(home)
        home.close()
        return
    _log_gaps(home, sample)
    key = home.keys.create("demo", "admin")
    home.close()
    from ui.serve import run as serve

    announce = (
        "Waypost demo: the help desk of Fernway, an invented company.\n"
        f"  desk   {{url}}/login?key={key}&next=/desk\n"
        f"  board  {{url}}/login?key={key}&next=/board\n"
        f"  API    {{url}}/docs   (key: {key})\n"
        "Ctrl-C stops."
    )
    serve(folder, None, host=host, port=port, announce=announce)


def own_settings(folder: Path) -> str:
    """Write this version's settings, unless the file was changed by hand; returns what is to be said about that.

    What the demo wrote is known again by its sha256, kept beside it.
    """
    settings, mark = folder / "waypost.toml", folder / "demo-settings.sha256"
    mine = hashlib.sha256(SETTINGS.encode()).hexdigest()
    found = hashlib.sha256(settings.read_bytes()).hexdigest() if settings.exists() else ""
    if found in ("", mine) or (mark.exists() and mark.read_text("utf-8").strip() == found):
        settings.write_text(SETTINGS, "utf-8")
        mark.write_text(mine, "utf-8")
        return ""
    return (
        f"{settings} is another version's or was changed by hand, and stays as it is. This version's demo was measured "
        "with its own thresholds: delete the file and run the demo again to use them."
    )


def _recent(folder: Path) -> Path:
    """The sample with its last whole week in the last whole week, once a version: boards show recent weeks.

    Dates move by whole weeks, so that weekdays and the order of things stay; months named in sentences stay too.
    """
    mark = folder.with_name("demo-sample.sha256")
    if folder.exists() and mark.exists() and mark.read_text("utf-8") == _sample_digest():
        return folder
    today = datetime.now(UTC).date()
    weeks = (today - timedelta(days=today.isoweekday()) - _SAMPLE_ENDS) // timedelta(weeks=1)
    draft = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(SAMPLE, draft, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    for path in (path for path in draft.rglob("*") if path.is_file()):
        path.write_text(_DATE.sub(lambda found: _moved(found.group(), weeks), path.read_text("utf-8")), "utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)
    mark.write_text(_sample_digest(), "utf-8")
    return folder


def _sample_digest() -> str:
    """sha256 over the names and bytes of the sample's files."""
    digest = hashlib.sha256()
    for path in sorted(path for path in SAMPLE.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")):
        digest.update(repr((path.relative_to(SAMPLE).as_posix(), path.stat().st_size)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _moved(day: str, weeks: int) -> str:
    return (date.fromisoformat(day) + timedelta(weeks=weeks)).isoformat()


def _fill(home: Home, sample: Path) -> None:
    ownership = own(home.folder, "waypost demo")
    intake = Intake(home, home.owned_index())
    try:
        with shown("sample helpdesk") as progress:
            intake.run(
                [str(sample / name) for name in ("articles", "faq.csv", "tickets.jsonl", "reviews.csv")],
                progress=progress,
            )
    finally:
        intake.close()
        ownership.release()


def _log_gaps(home: Home, sample: Path) -> None:
    """Ask the sample's own questions and group all contacts: the board has something to show; each counts once."""
    from ui.commands.lines import questions

    index = home.reader_index()
    desk = home.desk(home.assistant(index, lambda: index.name))
    asked = questions(sample / "questions.jsonl")
    with shown("sample questions") as progress:
        for number, question in enumerate(asked, 1):
            answer = desk.assistant.ask(question, audiences=AGENT)
            desk.log(answer, token=f"sample-{question.id}")
            progress(number, len(asked), question.title)
    with shown("themes") as progress:
        home.gap_log.night(progress)


def _show(home: Home) -> None:
    from ui.commands.terminal import show_answer

    index = home.reader_index()
    desk = home.desk(home.assistant(index, lambda: index.name))
    for number, text in enumerate(QUESTIONS, 1):
        print(f"\n{'─' * 78}\nQuestion {number}: {text}\n")
        question = Question(text, requester="Sam", channel="demo")
        show_answer(desk.ask(question, audiences=AGENT, asked_by="demo", token=f"demo-{number}"))
    print(f"\n{'─' * 78}\nGap log:")
    from assistant.store.gaps import GapFilter

    for gap in home.gaps.list(GapFilter(), limit=5):
        print(f"  {gap['id']}  {gap['count']} x  {gap['reason']}  {gap['title']}")
