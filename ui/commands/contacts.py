"""Label and group any file of questions: `waypost gaps triage --batch`, `waypost gaps themes --batch`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from ui.commands.options import Config, Data, Out

BatchIn = Annotated[Path, typer.Option("--batch", help='JSON Lines in: {"id", "text", "title"?} a line.')]
_PIECE = 256


def triage(batch: BatchIn, out: Out = None, data: Data = None, config: Config = None) -> None:
    """Why each person wrote in: cause and journey stage with probabilities, and the words that show it.

    Labelled by the fitted weights alone: a chat model's second opinion (models.chat_opinion), what the desk taught and
    what became of answers count for the contacts of the gap log, not for a file.
    """
    from assistant.gaps.triage import Contact, load_triage
    from ui.commands.lines import questions, written
    from ui.commands.progress import shown
    from ui.home import open_home

    asked = questions(batch)
    home = open_home(data, config, create=True)
    model = replace(load_triage(), finer=home.finer_stages)
    contacts = [Contact(q.id, q.title, q.text) for q in asked]
    with shown("triage", quiet=out is None) as progress, written(out) as write:
        for at in range(0, len(contacts), _PIECE):
            for found in model.label(contacts[at : at + _PIECE], home.embedder):
                write(
                    {
                        "id": found.id,
                        "cause": {"label": found.cause.label, "probability": round(found.cause.probability, 4)},
                        "stage": {"label": found.stage.label, "probability": round(found.stage.probability, 4)},
                        "quote": found.quote,
                        "party": found.party,
                    }
                )
            progress(min(at + _PIECE, len(contacts)), len(contacts), "")
    home.close()


def group(batch: Path, out: Path | None, data: Path | None, config: Path | None) -> None:
    """Group the questions of a file into themes; what fits nowhere has theme_id null."""
    import numpy as np

    from assistant.gaps.themes import NONE, cluster, name_themes
    from ui.commands.lines import questions, written
    from ui.commands.progress import shown
    from ui.home import open_home

    asked = questions(batch)
    home = open_home(data, config, create=True)
    texts = [q.full_text for q in asked]
    with shown("themes", quiet=out is None) as progress, written(out) as write:
        pieces = []
        for at in range(0, len(texts), _PIECE):
            pieces.append(home.embedder.embed(texts[at : at + _PIECE]))
            progress(min(at + _PIECE, len(texts)), len(texts), "embedding")
        labels = cluster(np.concatenate(pieces), texts).labels if texts else np.zeros(0, np.int64)
        names = name_themes(texts, labels)
        for question, label in zip(asked, labels.tolist(), strict=True):
            alone = label == NONE
            name = None if alone else names[label].name
            write({"id": question.id, "theme_id": None if alone else f"theme-{label + 1}", "theme_name": name})
    home.close()
