"""Every damage that was ever seen in an index is noticed and repaired, and no answer is wrong meanwhile.

All of them, the same way: `python -m eval.fault_report`.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from eval import fault_report

AT_REST = (
    "link_lists.bin cut in half, after a crash",
    "index_metadata.pickle removed",
    "data_level0.bin, bytes of vectors flipped, after a crash",
    "Chroma's SQLite, bytes flipped",
)
IN_FLIGHT = ("child process stopped while a question runs",)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pristine")
    fault_report.build(folder)
    return folder


HIDES_NOTHING = "link_lists.bin cut in half, after a crash"
"""The lost half holds upper layers only: on a small index every passage may stay reachable at full recall."""


def judged(outcome: fault_report.Outcome) -> None:
    assert outcome.notice or outcome.damage == HIDES_NOTHING, "not noticed"
    assert outcome.sound, "not repaired"
    assert outcome.wrong == 0
    assert outcome.asked > 0


@pytest.mark.parametrize("name", AT_REST)
def test_damage_found_at_the_start_is_repaired(pristine: Path, tmp_path: Path, name: str) -> None:
    judged(fault_report.at_rest(pristine, tmp_path, name))


@pytest.mark.parametrize("name", IN_FLIGHT)
def test_damage_to_a_running_index_is_repaired(pristine: Path, tmp_path: Path, name: str) -> None:
    judged(fault_report.in_flight(pristine, tmp_path, name))


def test_a_write_that_fails_half_way_leaves_the_old_generation_and_no_rest(pristine: Path, tmp_path: Path) -> None:
    """A limit on the size of files fails as a full disk does: in the middle of writing."""
    folder = tmp_path / "data"
    shutil.copytree(pristine, folder)
    code = (
        "import sys; from pathlib import Path; from eval.fault_report import opened\n"
        "from assistant.errors import IndexUnavailable\n"
        "with opened(Path(sys.argv[1])) as (_, index):\n"
        "    try: index.rebuild()\n"
        "    except IndexUnavailable as error: print('refused', index.state)\n"
        "    else: print('built')\n"
    )

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        preexec_fn=limit,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.strip() == "refused degraded", done.stderr
    assert [path.name for path in (folder / "index").iterdir()] == ["gen-000001"]
    with fault_report.opened(folder) as (_, index):
        index.apply()
        assert (index.name, index.state) == ("gen-000001", "sound")
        assert index.rebuild().sound
