"""What the unit suite runs under: another day, zone and order, also in the programs that the tests start."""

import os
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import libfaketime
import pytest

from tests import variants
from tests.variants import Variant

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 26, 14, 30, 15, tzinfo=UTC)
CLOCK = """
import subprocess, sys
CODE = "import time; print('it is', time.strftime('%Y-%m-%d %H %z'))"
def test_it():
    exec(CODE)
    for command in ([sys.executable, "-I", "-S", "-c", CODE], ["date", "+it is %Y-%m-%d %H %z"]):
        print(subprocess.run(command, capture_output=True, text=True).stdout)
"""
MANY = """
import pytest
@pytest.mark.parametrize("number", range(12))
def test_it(number):
    print("number", number)
"""


@pytest.fixture
def run(tmp_path):
    """Run a file of tests under a variant, from outside the one that this suite itself runs under."""
    ours = {*libfaketime.get_reload_information()[1], "TZ"}
    outside = {name: value for name, value in os.environ.items() if name not in ours and "FAKE" not in name}

    def run(text, wish):
        file = tmp_path / "test_probe.py"
        file.write_text(text)
        command = [sys.executable, "-m", "tests.variants", wish, "-q", "-s", "-p", "no:cacheprovider", str(file)]
        return subprocess.run(command, cwd=ROOT, env=outside, capture_output=True, text=True, check=False)

    return run


def lines(done, beginning):
    return [line.lstrip(".") for line in done.stdout.splitlines() if line.lstrip(".").startswith(beginning)]


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ("2037-12-31T23:10+14:00,1", "2037-12-31 23 +1400"),
        ("2028-02-29T00:10-12:00,1", "2028-02-29 00 -1200"),
        ("2019-06-01T12:10+05:45,1", "2019-06-01 12 +0545"),
    ],
)
def test_a_test_and_what_it_starts_see_that_day_and_zone(run, wish, told):
    done = run(CLOCK, wish)
    assert lines(done, "it is") == [f"it is {told}"] * 3
    assert done.returncode == 0


def test_today_leaves_the_order_alone(run):
    done = run(MANY, "today")
    assert lines(done, "number") == [f"number {number}" for number in range(12)]


def test_the_seed_is_the_order(run):
    first, again, other = (lines(run(MANY, f"2028-01-01T00:00Z,{seed}"), "number") for seed in (1, 1, 2))
    assert first == again != other
    assert sorted(first) == sorted(other)


def test_the_line_printed_first_repeats_the_run(run):
    printed = run(MANY, "").stdout.splitlines()[0]
    again = run(MANY, printed.rpartition("VARIANT=")[2])
    assert again.stdout.splitlines()[0] == printed


def test_drawn_are_both_distances_and_both_ends_of_the_world():
    drawn = [Variant.drawn(NOW, random.Random(seed)) for seed in range(50)]
    ahead = {variant: variant.moment - NOW for variant in drawn}
    assert {variant.moment.utcoffset() / timedelta(hours=1) for variant in drawn} == {-12, 14}
    assert {days.days // 365 for days in ahead.values()} <= {1, 2, 10, 11}
    assert min(ahead.values()) >= timedelta(days=399, hours=23)
    assert max(ahead.values()) <= timedelta(days=4365)
    assert [Variant.read(str(variant)) for variant in drawn] == drawn


@pytest.mark.parametrize("wish", ["tomorrow", "2028-01-01T00:00,1", "2028-01-01T00:00Z", "2028-01-01T00:00Z,one", ","])
def test_a_wrong_variant_is_one_sentence(wish):
    with pytest.raises(SystemExit) as end:
        variants.main(wish)
    assert end.value.code == (
        f"VARIANT is {wish!r}: `today`, or a moment with its zone and an order's seed such as "
        "2028-02-29T23:58+14:00,1234 is right."
    )


@pytest.mark.parametrize("preloaded", [{}, {"PYTHONHOME": "/nowhere"}], ids=["no effect", "no start"])
def test_a_clock_that_cannot_be_shifted_is_said(monkeypatch, preloaded):
    monkeypatch.setattr(libfaketime, "get_reload_information", lambda: (True, preloaded))
    monkeypatch.delenv("LD_PRELOAD", raising=False)
    with pytest.raises(SystemExit, match="cannot be shifted on this machine"):
        variants.main("2031-01-01T00:00Z,1")
