"""A change that makes a figure worse shows, and noise does not."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.compare import changes
from tests.bench.figures import Figure, read

ROOT = Path(__file__).parents[3]


def figure(values, way="ours", unit="s", name="preview", **more):
    return Figure(name, way, unit, values, **more)


def verdict(old, new, **more):
    (change,) = changes([figure(old, **more)], [figure(new, **more)])
    return change.verdict


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        ([2.1, 2.2, 2.3], "worse"),
        ([1.4, 1.5, 1.4], "better"),
        ([1.9, 2.04, 2.2], ""),  # its median is among the old values
        ([2.06, 2.07, 2.08], ""),  # beyond them, but by less than one notices
    ],
)
def test_what_leaves_the_old_range_noticeably_is_a_change(new, expected):
    assert verdict([1.9, 2.0, 2.05], new) == expected


def test_more_of_a_rate_is_better():
    assert verdict([1000, 1010, 1020], [1500, 1500, 1500], unit="1/s") == "better"
    assert verdict([1000, 1010, 1020], [500, 500, 500], unit="1/s") == "worse"


def test_a_pair_is_compared_by_its_ratio_so_that_a_slower_machine_is_no_change():
    old = [figure([2.0, 2.1, 2.2], against="bare"), figure([2.0, 2.0, 2.0], way="bare")]
    slower = [figure([4.0, 4.2, 4.4], against="bare"), figure([4.0, 4.0, 4.0], way="bare")]
    worse = [figure([3.0, 3.1, 3.2], against="bare"), figure([2.0, 2.0, 2.0], way="bare")]
    assert changes(old, slower)[0].verdict == ""
    assert changes(old, worse)[0].verdict == "worse"


def test_sizes_and_ways_are_figures_of_their_own():
    old = [figure([1.0], size=10), figure([9.0], size=100), figure([1.0], way="bare", size=10)]
    assert [change.name for change in changes(old, old[1:])] == ["preview, 100 hosts, ours", "preview, 10 hosts, bare"]


@pytest.fixture
def results(tmp_path):
    """Writes results files."""

    def write(name, *values):
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps({"figures": [{"name": "preview", "way": "ours", "unit": "s", "values": [*values]}]}))
        return path

    return write


def compare(*paths):
    command = [sys.executable, "-m", "tests.bench", "compare", *map(str, paths)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_exit_code_says_whether_something_has_become_worse(results):
    old, same, worse = results("old", 1.0, 1.1), results("same", 1.05), results("worse", 2.0)
    assert compare(old, same).returncode == 0
    done = compare(old, worse)
    assert done.returncode == 1
    assert done.stdout.split() == ["preview,", "ours", "1.05", "2", "s", "worse"]


def test_a_file_that_is_no_result_is_one_sentence(results, tmp_path):
    other = tmp_path / "other.json"
    other.write_text("{}")
    for path in (other, tmp_path / "missing.json"):
        done = compare(results("old", 1.0), path)
        assert done.returncode == 2
        assert done.stderr.startswith(f"tests.bench: {path} is no results file of a bench")
        assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "path", sorted((ROOT / "tests" / "bench" / "results").glob("*.json")), ids=lambda path: path.stem
)
def test_the_committed_results_can_be_read(path):
    assert read(path)
