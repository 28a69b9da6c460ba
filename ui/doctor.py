"""What `waypost doctor` looks at, each with what was found and what to do."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import WaypostError
from ui.home import Home, open_home

_LEAST_FREE_BYTES = 500_000_000


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at."""

    name: str
    ok: bool
    found: str
    remedy: str = ""


_LOOK_AT_SOURCES = "See `waypost sources list`, then `waypost sources sync NAME`."


def examine(data: Path | None, config: Path | None) -> list[Check]:
    """Every check, in the order in which one depends on another."""
    try:
        home = open_home(data, config)
    except WaypostError as error:
        return [_models(), Check("data directory", False, str(error), "See the message.")]
    looks: list[Callable[[Home], Check]] = [
        _space, _knowledge, _quarantine, _sources, _index, _chat_model, _spending, _owner,
    ]  # fmt: skip
    checks = [_models(), Check("data directory", True, str(home.folder)), *(look(home) for look in looks)]
    home.close()
    return checks


def _models() -> Check:
    from assistant.models.weights import PINNED, minilm_folder, verified

    try:
        for name in PINNED:
            verified(minilm_folder() / name)
    except WaypostError as error:
        return Check("models", False, str(error), "Run `make setup`.")
    return Check("models", True, "weights are the published ones")


def _space(home: Home) -> Check:
    free = shutil.disk_usage(home.folder).free
    remedy = f"Expected at least {_LEAST_FREE_BYTES // 10**6} MB; an index build needs room beside the old one."
    return Check("disk", free >= _LEAST_FREE_BYTES, f"{free // 10**6} MB free", remedy)


def _knowledge(home: Home) -> Check:
    counts = home.knowledge.counts()
    found = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    return Check("knowledge", counts.get("chunks", 0) > 0, found, "Nothing is ingested: run `waypost ingest SOURCE`.")


def _quarantine(home: Home) -> Check:
    left_out = home.corpus.quarantine_list()
    found = "empty" if not left_out else f"{len(left_out)} records left out; first: {left_out[0].reason}"
    return Check("quarantine", not left_out, found, "Correct the records at their source and ingest again.")


def _sources(home: Home) -> Check:
    from assistant.store.sources import Sources

    failing = [source for source in Sources(home.database).all() if source.last_error]
    first = f"; first: {failing[0].name}: {failing[0].last_error}" if failing else ""
    return Check("sources", not failing, f"{len(failing)} ended early{first}", _LOOK_AT_SOURCES)


def _index(home: Home) -> Check:
    record = home.generations.live()
    if record is None:
        return Check("index", False, "none yet", "Run `waypost ingest SOURCE` or `waypost index rebuild`.")
    current = home.owned_index().is_current()
    return Check("index", current or _is_served(home), f"{record.name}, {record.chunks} passages at its build",
                 "It lags behind or was not closed cleanly: it is repaired at the next start, or by "
                 "`waypost index rebuild`.")  # fmt: skip


def _chat_model(home: Home) -> Check:
    model = home.chat_model
    if model is None:
        return Check("chat model", True, "none is set: drafts are extractive")
    try:
        model.load()
    except WaypostError as error:
        return Check("chat model", False, str(error), "Until then drafts are extractive.")
    return Check("chat model", True, f"{model.model.name} can be called; no call was made")


def _spending(home: Home) -> Check:
    status = home.spending.status()
    found = f"{status['tokens']:,} tokens in {status['calls']:,} calls today, {status['cost']:.2f} USD"
    limits = [
        f"{limit:,} {name}"
        for name, limit in (("tokens", status["limits"]["tokens"]), ("USD", status["limits"]["cost"]))
        if limit is not None
    ]
    told = f"{found}; limit: {', '.join(limits) or 'none'}"
    return Check(
        "spending", not status["exceeded"], told, f"{status['exceeded']}: drafts are extractive until midnight UTC."
    )


def _is_served(home: Home) -> bool:
    from assistant.index.lock import current_holder

    holder = current_holder(home.folder)
    return holder is not None and bool(holder.url)


def _owner(home: Home) -> Check:
    from assistant.index.lock import current_holder

    holder = current_holder(home.folder)
    found = f"process {holder.pid} ({holder.command}, since {holder.since})" if holder else "nobody"
    return Check("owner", True, found)
