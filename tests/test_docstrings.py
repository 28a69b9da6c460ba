"""Every worked example in a docstring is right, and every package's `__init__` stays free of work."""

from __future__ import annotations

import ast
import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("assistant", "ingest", "eval", "ui")
SKIPPED = {"assistant.store.migrations.env", "assistant.store.migrations.versions"}


def modules() -> list[str]:
    found = []
    for package in PACKAGES:
        walked = pkgutil.walk_packages([str(ROOT / package)], f"{package}.")
        found += [m.name for m in walked if not any(m.name.startswith(s) for s in SKIPPED)]
    return found


@pytest.mark.parametrize("name", modules())
def test_worked_examples_are_right(name: str) -> None:
    pytest.importorskip("txtai") if name.endswith("peer_txtai") else None
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_a_package_does_nothing(package: str) -> None:
    body = ast.parse((ROOT / package / "__init__.py").read_text("utf-8")).body
    assert len(body) == 1
    assert isinstance(body[0], ast.Expr)
