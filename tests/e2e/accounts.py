"""Service accounts of the cluster, and the kubeconfig with which a stack is one of them."""

from __future__ import annotations

import json
from pathlib import Path

from tests.e2e.conftest import kubectl


def kubeconfig(file: Path, namespace: str, account: str) -> Path:
    """Write a kubeconfig in which nobody but this service account can be met."""
    (cluster,) = json.loads(kubectl("config", "view", "--minify", "--raw", "--output=json"))["clusters"]
    token = kubectl("create", "token", account, f"--namespace={namespace}").strip()
    context = {"cluster": cluster["name"], "user": account}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [cluster],
        "users": [{"name": account, "user": {"token": token}}],
        "contexts": [{"name": account, "context": context}],
        "current-context": account,
    }
    file.write_text(json.dumps(config))
    file.chmod(0o600)
    return file


def may(file: Path, verb: str, resource: str, *where: str) -> bool:
    """Whether the account of a kubeconfig may do something."""
    command = ["auth", "can-i", verb, resource, f"--kubeconfig={file}", *where, "--quiet"]
    try:
        kubectl(*command)
    except AssertionError:
        return False
    return True
