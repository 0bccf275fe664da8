"""What end-to-end tests share: stacks on the real engine, the gateway's address, requests that are given time."""

from __future__ import annotations

import os
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from istio_ingress.live import address
from istio_ingress.live.address import IngressAddress
from istio_ingress.live.client import Answer, Target, send
from tests.e2e.stacks import Stack

T = TypeVar("T")
PUSH_SECONDS = 15.0


@pytest.fixture(scope="session", autouse=True)
def _lab() -> None:
    if "LAB_TOOLS" not in os.environ:
        pytest.exit(
            'the end-to-end tests need the lab: run `make test-e2e`, or `eval "$(make -s env)"` first.', returncode=2
        )


@pytest.fixture(scope="session")
def ingress() -> IngressAddress:
    """The lab's gateway, found as a person would find it."""
    return address.find("istio-system", "istio-ingressgateway")


class Requests:
    """Sends requests to the gateway by host name."""

    def __init__(self, ingress: IngressAddress) -> None:
        self.ingress = ingress

    def http(self, host: str, path: str) -> Answer:
        """One plain request."""
        return send(Target(f"http://{host}:{self.ingress.ports['http']}{path}", self.ingress.host))

    def https(self, host: str, path: str, **options: Any) -> Answer:
        """One request over TLS; see `doctor.client.send` for the options."""
        return send(Target(f"https://{host}:{self.ingress.ports['https']}{path}", self.ingress.host), **options)


@pytest.fixture(scope="session")
def requests(ingress: IngressAddress) -> Requests:
    """Requests to the lab's gateway."""
    return Requests(ingress)


@pytest.fixture(scope="module")
def new_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Stack]]:
    """Makes stacks from program texts, and destroys them when the module's tests are done."""
    stacks: list[Stack] = []

    def create(program: str, **options: Any) -> Stack:
        stacks.append(Stack.create(tmp_path_factory.mktemp("stack"), program, **options))
        return stacks[-1]

    yield create
    for stack in reversed(stacks):
        stack.destroy()


@pytest.fixture(scope="module")
def namespace() -> Iterator[str]:
    """A namespace of its own for the module's workloads."""
    name = f"e2e-{uuid.uuid4().hex[:8]}"
    kubectl("create", "namespace", name)
    yield name
    kubectl("delete", "namespace", name, "--wait=false")


def kubectl(*arguments: str, stdin: str | None = None) -> str:
    """The standard output of kubectl, which must succeed."""
    done = subprocess.run(["kubectl", *arguments], input=stdin, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"`kubectl {' '.join(arguments)}`: {done.stderr}"
    return done.stdout


def eventually(ask: Callable[[], T], accept: Callable[[T], bool], seconds: float = PUSH_SECONDS) -> T:
    """Ask until the answer is accepted: a change takes a moment from the API server to the gateway."""
    deadline = time.monotonic() + seconds
    while not accept(answer := ask()):
        assert time.monotonic() < deadline, f"after {seconds} s the answer is still {answer}"
        time.sleep(0.1)
    return answer


def example(name: str) -> str:
    """The program of one of the examples."""
    return (Path(__file__).resolve().parents[2] / "examples" / name / "__main__.py").read_text()
