"""kubectl and pulumi, asked for JSON."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from istio_ingress.live.errors import LiveError

SECONDS = 60


def kubectl_json(*arguments: str) -> dict[str, Any]:
    """What `kubectl … -o json` answers.

    Raises:
        LiveError: kubectl is missing, or the cluster refused.
    """
    return read_object(ask("kubectl", *arguments, "--output=json"))


def kubectl_items(*arguments: str) -> list[dict[str, Any]]:
    """The objects that `kubectl get … -o json` answers: none, one, or those of a list.

    Raises:
        LiveError: kubectl is missing, or the cluster refused.
    """
    text = ask("kubectl", "get", *arguments, "--output=json")
    found = read_object(text) if text.strip() else {"items": []}
    items = found.get("items") if "items" in found else [found]
    return [item for item in items or [] if isinstance(item, dict)]


def stack_outputs(*, show_secrets: bool = False) -> dict[str, Any]:
    """The outputs of the stack that PULUMI_STACK, or `pulumi stack select`, names.

    Raises:
        LiveError: pulumi is missing, or there is no such stack.
    """
    command = ("pulumi", "stack", "output", "--json", "--non-interactive")
    return read_object(ask(*command, *(["--show-secrets"] if show_secrets else [])))


def stack_config() -> dict[str, Any]:
    """The configuration of the same stack that is no secret: key to value.

    Raises:
        LiveError: pulumi is missing, or there is no such stack.
    """
    entries = read_object(ask("pulumi", "config", "--json", "--non-interactive"))
    return {key: entry.get("objectValue", entry.get("value")) for key, entry in entries.items() if "value" in entry}


def ask(*command: str, stdin: str = "") -> str:
    """The standard output of one short command, which is never asked anything back.

    Raises:
        LiveError: it is not installed, did not end, or failed; its own last line says why.
    """
    try:
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=SECONDS, check=False)
    except FileNotFoundError:
        raise LiveError(f"`{command[0]}` is not on PATH.") from None
    except OSError as error:
        raise LiveError(f"`{command[0]}` does not start: {error.strerror}.") from None
    except subprocess.TimeoutExpired:
        raise LiveError(f"`{' '.join(command[:3])}` did not answer within {SECONDS} s.") from None
    if done.returncode != 0:
        reason = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()[-1]
        raise LiveError(f"`{' '.join(command[:4])}` failed: {reason}")
    return done.stdout


def read_object(text: str) -> dict[str, Any]:
    """The JSON object that one of the two printed; empty where it is JSON, but no object.

    Raises:
        LiveError: it is no JSON.
    """
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        raise LiveError(f"the answer is no JSON: {text.strip()[:60]!r}.") from None
    return parsed if isinstance(parsed, dict) else {}
