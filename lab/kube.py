"""The few questions the lab asks the API server, over plain HTTPS with the admin's certificate."""

from __future__ import annotations

import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lab.errors import LabError
from lab.settings import LabSettings

POLL_SECONDS = 0.1


class Api:
    """A reader of one cluster's API."""

    def __init__(self, settings: LabSettings) -> None:
        self._base = f"https://{settings.node_ip}:6443"
        self._context = ssl.create_default_context(cafile=str(settings.pki / "ca.crt"))
        self._context.load_cert_chain(settings.pki / "admin.crt", settings.pki / "admin.key")
        # Asked directly: the lab's addresses are behind no proxy.
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=self._context)
        )

    def get(self, path: str) -> dict[str, Any] | None:
        """The object at `path`; None where it does not exist or nothing answers."""
        try:
            with self._opener.open(self._base + path, timeout=5) as response:
                body = response.read()
        except (OSError, urllib.error.URLError):
            return None
        try:
            parsed = json.loads(body)
        except ValueError:
            return {"text": body.decode(errors="replace")}
        return parsed if isinstance(parsed, dict) else None

    def is_ready(self) -> bool:
        """Whether the API server serves."""
        return self.get("/readyz") is not None

    def condition(self, path: str, kind: str) -> bool:
        """Whether the object at `path` has the condition `kind` with status True."""
        conditions = ((self.get(path) or {}).get("status") or {}).get("conditions") or []
        return any(entry["type"] == kind and entry["status"] == "True" for entry in conditions)

    def deployment_is_available(self, namespace: str, name: str) -> bool:
        """Whether a Deployment has the replicas that its rollout wants."""
        return self.condition(f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}", "Available")


def wait_until(what: str, check: Callable[[], bool], *, seconds: float, log: Path, alive: Callable[[], bool]) -> None:
    """Poll `check` until it holds.

    Raises:
        LabError: it did not hold in time, or process 1 of the lab ended meanwhile.
    """
    deadline = time.monotonic() + seconds
    while not check():
        if not alive():
            raise LabError(f"the lab ended while it waited for {what}.", log=log.parent / "init.log")
        if time.monotonic() > deadline:
            raise LabError(f"{what}: not there after {seconds:.0f} s.", log=log)
        time.sleep(POLL_SECONDS)
