"""The unit suite on another day, in another time zone and in another order each run.

A test that depends on one of them fails on the day it is written, and the line printed first repeats the run:

    python -m tests.variants "" tests/unit                               drawn anew
    python -m tests.variants 2028-02-29T23:58+14:00,1234 tests/unit      this moment, this zone, this order
    python -m tests.variants today tests/unit                            the machine's clock and zone, the files' order

What follows the variant is pytest's. The clock is shifted in pytest and in all that it starts, `openssl` as much as
`python -I -S`; monotonic clocks, and with them timeouts, stay as they are. Programs that use no C library (Go's) and
the times of files are not shifted; a timed wait of `multiprocessing` would last until the clock catches up; a program
started with its standard input closed (`<&-`) finds one, a file of libfaketime's.
"""

import os
import random
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

import libfaketime

TODAY = "today"
AHEAD = (400, 4000)
"""Days: the moment is within the year that follows."""
OFFSETS = (-12, 14)
"""Hours from UTC: both ends of the world."""
LATE_SECONDS = 60


@dataclass(frozen=True)
class Variant:
    """When and where the suite believes that it runs, and the order of its tests."""

    moment: datetime
    """When it starts; the offset from UTC is the time zone's."""
    seed: int

    @classmethod
    def read(cls, text: str) -> "Variant":
        """The variant that `str` wrote.

        Raises:
            ValueError: it is not one.
        """
        moment, _, seed = text.rpartition(",")
        variant = cls(datetime.fromisoformat(moment), int(seed))
        if variant.moment.tzinfo is None:
            raise ValueError("no offset from UTC")
        return variant

    @classmethod
    def drawn(cls, now: datetime, chance: random.Random) -> "Variant":
        """Any minute of the year that begins 400 or 4,000 days from now, at either end of the world."""
        ahead = timedelta(days=chance.choice(AHEAD), minutes=chance.randrange(365 * 24 * 60))
        zone = timezone(timedelta(hours=chance.choice(OFFSETS)))
        return cls((now + ahead).astimezone(zone).replace(second=0, microsecond=0), chance.randrange(10_000))

    def __str__(self) -> str:
        return f"{self.moment.isoformat(timespec='minutes')},{self.seed}"

    def environment(self, now: datetime) -> dict[str, str]:
        """Variables that make a process started now believe in the moment."""
        _, preloaded = libfaketime.get_reload_information()
        seconds = round((self.moment - now).total_seconds())
        sign, hours, minutes = re.fullmatch(r"(.)(..)(..).*", f"{self.moment:%z}").groups()
        zone = f"HERE{'-' if sign == '+' else '+'}{hours}:{minutes}"  # POSIX counts westwards, and needs no zone files
        # Files keep their times, or bytecode that is cached would be stale in every run.
        return preloaded | {"FAKETIME": f"{seconds:+}", "NO_FAKE_STAT": "1", "TZ": zone}


def main(wish: str = "", *arguments: str) -> None:
    """Become pytest under the variant wished for, or under one drawn now."""
    pytest = [sys.executable, "-m", "pytest", *arguments]
    if wish == TODAY:
        os.execv(sys.executable, pytest)
    now = datetime.now(UTC)
    try:
        variant = Variant.read(wish) if wish else Variant.drawn(now, random.Random())
    except ValueError:
        right = Variant(datetime(2028, 2, 29, 23, 58, tzinfo=timezone(timedelta(hours=14))), 1234)
        sys.exit(
            f"VARIANT is {wish!r}: `{TODAY}`, or a moment with its zone and an order's seed such as {right} is right."
        )
    day = f"{variant.moment:%A %d %B %Y, %H:%M %Z}"
    print(f"  as on {day}, in order {variant.seed}; to repeat: make test-unit VARIANT={variant}", flush=True)
    environment = os.environ | variant.environment(now)
    if not _believes(environment, variant.moment):
        sys.exit(f"The clock cannot be shifted on this machine (libfaketime); `VARIANT={TODAY}` leaves it as it is.")
    order = ["--random-order-bucket=global", f"--random-order-seed={variant.seed}"]
    os.execve(sys.executable, [*pytest, *order], environment)


def _believes(environment: dict[str, str], moment: datetime) -> bool:
    """Whether a process under these variables takes the moment for now."""
    command = [sys.executable, "-c", "import time; print(time.time())"]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    return done.returncode == 0 and abs(float(done.stdout) - moment.timestamp()) < LATE_SECONDS


if __name__ == "__main__":
    main(*sys.argv[1:])
