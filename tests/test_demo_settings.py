"""The demo's settings in a directory that another version of it made, or that somebody changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from ui import demo


def test_settings_that_nobody_changed_follow_the_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = tmp_path / "waypost.toml"
    with monkeypatch.context() as older:
        older.setattr(demo, "SETTINGS", "[answering]\npartial_threshold = 0.1\n")
        assert demo.own_settings(tmp_path) == ""
    assert demo.own_settings(tmp_path) == ""
    assert settings.read_text("utf-8") == demo.SETTINGS


def test_settings_changed_by_hand_stay_and_that_is_said(tmp_path: Path) -> None:
    settings = tmp_path / "waypost.toml"
    demo.own_settings(tmp_path)
    settings.write_text("[desk]\nname = 'Mine'\n", "utf-8")
    for _ in range(2):
        assert "delete the file" in demo.own_settings(tmp_path)
        assert "Mine" in settings.read_text("utf-8")
    settings.unlink()
    assert demo.own_settings(tmp_path) == ""


def test_settings_of_a_version_that_kept_no_mark_stay_and_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "waypost.toml").write_text("[answering]\npartial_threshold = 0.1\n", "utf-8")
    assert "another version's" in demo.own_settings(tmp_path)
    (tmp_path / "waypost.toml").write_text(demo.SETTINGS, "utf-8")
    assert demo.own_settings(tmp_path) == ""


def test_the_sample_of_another_version_is_replaced_and_this_ones_is_left_alone(tmp_path: Path) -> None:
    sample = demo._recent(tmp_path / "sample")
    (sample / "faq.csv").write_text("touched", "utf-8")
    assert (demo._recent(sample) / "faq.csv").read_text("utf-8") == "touched"
    (tmp_path / "demo-sample.sha256").write_text("another", "utf-8")
    assert (demo._recent(sample) / "faq.csv").read_text("utf-8") != "touched"
