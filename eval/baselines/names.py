"""The baselines by name, each loaded when it is opened."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import cast

from assistant.errors import UsageError
from eval.systems import Source, System

BASELINES = {
    "plain": ("eval.baselines.langchain_plain", "opened"),
    "keyword": ("eval.baselines.keyword", "opened"),
    "txtai": ("eval.baselines.peer_txtai", "opened"),
    "txtai-hybrid": ("eval.baselines.peer_txtai", "opened_hybrid"),
}


def open_baseline(name: str, sources: Sequence[Source]) -> AbstractContextManager[System]:
    """Build a baseline over the documents; raises `UsageError` for an unknown name or a library not installed."""
    if name not in BASELINES:
        raise UsageError(f"expected a system among {', '.join(BASELINES)}, found {name!r}")
    module, function = BASELINES[name]
    try:
        opened = getattr(importlib.import_module(module), function)
    except ImportError as error:
        raise UsageError(f"the system {name!r} needs {error.name}: pip install 'waypost[eval]'") from error
    return cast("AbstractContextManager[System]", opened(sources))
