"""The namespace that the configuration names: a preview takes it on trust, and an update fails half-way."""

from __future__ import annotations

import subprocess

from istio_ingress.pulumi_command import Pulumi
from istio_ingress.terminal import CommandError


def refuse_missing(pulumi: Pulumi) -> None:
    """Where it cannot be asked for, as without kubectl or the right to, nothing is said.

    Raises:
        CommandError: the cluster has no such namespace, and the stack does not make it.
    """
    told = pulumi.ask_json("config", "--json", *pulumi.on_stack)
    values = {key.partition(":")[2]: entry.get("value") for key, entry in told.items()}
    name = values.get("namespace")
    if not name or values.get("create_namespace") == "true":
        return
    try:
        asked = subprocess.run(
            ["kubectl", "get", "namespace", name, "--output=name"], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return
    if asked.returncode and "NotFound" in asked.stderr:
        raise CommandError(
            f"config namespace is {name!r}, which the cluster does not have: make it with `kubectl create namespace "
            f"{name}`, or let the stack, with create_namespace: true."
        )
