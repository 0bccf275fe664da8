"""What the API server and Istio's webhook say of objects, without making them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any

_THREADS = 4


def plural(kind: str) -> str:
    """A kind as the API server's paths have it."""
    return kind.lower()[:-1] + "ies" if kind.endswith(("ry", "cy")) else kind.lower() + "s"


@contextmanager
def api_server() -> Iterator[str]:
    """The host and port of a proxy that speaks to the API server for us."""
    proxy = subprocess.Popen(["kubectl", "proxy", "--port=0"], stdout=subprocess.PIPE, text=True)
    try:
        assert proxy.stdout is not None
        yield proxy.stdout.readline().split()[-1]
    finally:
        proxy.terminate()
        proxy.wait()


def verdicts(manifests: list[dict[str, Any]]) -> list[str]:
    """For each object why it is refused, or nothing where it is taken."""
    with api_server() as server, ThreadPoolExecutor(_THREADS) as pool:
        shares = pool.map(lambda first: _ask(server, manifests[first::_THREADS]), range(_THREADS))
        found = [""] * len(manifests)
        for first, share in enumerate(shares):
            found[first::_THREADS] = share
        return found


def _ask(server: str, manifests: list[dict[str, Any]]) -> list[str]:
    connection = HTTPConnection(server, timeout=30)
    answers = []
    for manifest in manifests:
        namespace = manifest["metadata"]["namespace"]
        path = f"/apis/{manifest['apiVersion']}/namespaces/{namespace}/{plural(manifest['kind'])}"
        body = json.dumps(manifest)
        query = "?dryRun=All&fieldValidation=Strict"
        connection.request("POST", path + query, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        text = json.loads(response.read())
        answers.append("" if response.status == 201 else text.get("message", "refused"))
        assert response.status in (201, 400, 403, 422), text
    return answers
