"""A gap log that is killed while it is written to: `python -m eval.gap_kill_report --kills 200` is the long form."""

from __future__ import annotations

from pathlib import Path

from eval import gap_kill_report


def test_a_kill_during_a_signal_a_merge_a_digest_or_an_export_loses_and_doubles_nothing(tmp_path: Path) -> None:
    report = gap_kill_report.run(tmp_path, kills=20, seed=7)
    assert report.wrong == []
    assert report.kills == {"signal": 5, "merge": 5, "digest": 5, "export": 5}
    assert min(report.acknowledged.values()) >= 3
