"""Ten times as many objects take ten times as long, and not much memory."""

import time
from datetime import UTC, datetime

import pytest

from istio_ingress import rules
from istio_ingress.check import reading
from tests.bench import check, fleet

SMALL, LARGE = 150, 1500
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def seconds(work):
    """Of a machine that may be busy, the best of three."""
    took = []
    for _ in range(3):
        start = time.process_time()
        work()
        took.append(time.process_time() - start)
    return min(took)


@pytest.mark.parametrize("work", [reading.manifests, lambda text, name: judge(reading.manifests(text, name))])
def test_the_time_for_each_object_does_not_grow(work):
    small, large = fleet.text(SMALL), fleet.text(LARGE)

    each = [seconds(lambda text=text: work(text, "f")) / size for text, size in ((small, SMALL), (large, LARGE))]

    assert each[1] < 2 * each[0]


def judge(manifests):
    assert rules.check(manifests, now=NOW) == []


def test_the_bench_measures_every_size():
    figures = check.measure(1, sizes=(20, 40))

    assert [(one.name, one.size, one.unit) for one in figures] == [
        (name, size, unit)
        for name, unit in (("check", "s"), ("memory of check", "MB"), ("check, each", "ms"))
        for size in (20, 40)
    ]
    assert all(value > 0 for figure in figures for value in figure.values if figure.name != "check, each")


def test_memory_is_some_kilobytes_an_object(tmp_path):
    empty, full = tmp_path / "empty.yaml", tmp_path / "full.yaml"
    empty.touch()
    full.write_text(fleet.text(LARGE))

    grown = check.once(full)[1] - check.once(empty)[1]

    assert 0 < grown * 1000 / LARGE < 25
