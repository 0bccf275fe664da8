"""`python -m tests.bench.recorded HOSTS`: one `TlsGateway` without an engine; what its program costs, as JSON.

Whoever would be the engine only counts what it is told, in the same process, and answers at once.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import pulumi
from pulumi.runtime.mocks import MockMonitor

from istio_ingress import TlsGateway, tune_runtime
from tests.bench.checked import peak
from tests.unit.components.engine import _Answers


class Counting(MockMonitor):
    """Answers as a provider would, and counts."""

    def __init__(self) -> None:
        super().__init__(_Answers())
        self.registered, self.told = 0, 0

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        """Count a registration, and what came of it: both stand in the state."""
        answer = super().RegisterResource(request)
        self.registered += 1
        self.told += len(request.SerializeToString()) + len(answer.object.SerializeToString())
        return answer


def declare(hosts: int) -> Counting:
    """Declare a gateway with so many hosts, to the end."""
    counting = Counting()
    pulumi.runtime.set_mocks(counting.mocks, project="bench", stack="scale", monitor=counting)

    @pulumi.runtime.test
    def program() -> pulumi.Output[Any]:
        backend = {"service": "httpbin", "port": 8000}
        names = [f"host-{number}.bench.example.com" for number in range(hosts)]
        return TlsGateway("bench", {"hosts": [{"host": host, "backend": backend} for host in names]}).hosts

    program()
    return counting


if __name__ == "__main__":
    tune_runtime()
    before = time.process_time()
    counted = declare(int(sys.argv[1]))
    seconds = time.process_time() - before
    print(json.dumps({"seconds": seconds, "memory": peak(), "resources": counted.registered, "bytes": counted.told}))
