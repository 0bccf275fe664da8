"""`python -m tests.bench.checked FILE`: one check, then its seconds of a core and its bytes at most, as JSON."""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path

from istio_ingress import cli


def peak() -> int:
    """Bytes of memory that this process has had at most. What `getrusage` says of it begins with its parent's."""
    (kilobytes,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(kilobytes) * 1024


if __name__ == "__main__":
    if code := cli.main(["check", sys.argv[1]]):
        sys.exit(code)
    print(json.dumps({"seconds": time.process_time(), "memory": peak()}))
