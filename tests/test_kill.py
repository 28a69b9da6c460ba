"""A run that is killed at any moment loses nothing: `python -m eval.kill_report --kills 50` is the long form."""

from __future__ import annotations

from pathlib import Path

from eval import kill_report


def test_runs_killed_at_random_moments_lose_double_or_halve_nothing(tmp_path: Path) -> None:
    report = kill_report.run(tmp_path, kills=6, seed=7, documents=40)
    assert report.kills == 6
    assert report.documents >= 40
    assert report.half_written == report.lost == report.doubled == report.kept_though_gone == []
    assert report.failed_runs == []
    assert report.unanswered == 0
    assert report.reachable
