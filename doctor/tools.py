"""kubectl and pulumi, asked for JSON."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from doctor.errors import DoctorError

SECONDS = 60


def kubectl_json(*arguments: str) -> dict[str, Any]:
    """What `kubectl … -o json` answers.

    Raises:
        DoctorError: kubectl is missing, or the cluster refused.
    """
    return _object(ask("kubectl", *arguments, "--output=json"))


def stack_outputs(*, show_secrets: bool = False) -> dict[str, Any]:
    """The outputs of the stack that PULUMI_STACK, or `pulumi stack select`, names.

    Raises:
        DoctorError: pulumi is missing, or there is no such stack.
    """
    return _object(ask("pulumi", "stack", "output", "--json", *(["--show-secrets"] if show_secrets else [])))


def ask(*command: str) -> str:
    """The standard output of one short command.

    Raises:
        DoctorError: it is not installed, did not end, or failed; its own last line says why.
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except FileNotFoundError:
        raise DoctorError(f"`{command[0]}` is not on PATH.") from None
    except subprocess.TimeoutExpired:
        raise DoctorError(f"`{' '.join(command[:3])}` did not answer within {SECONDS} s.") from None
    if done.returncode != 0:
        reason = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()[-1]
        raise DoctorError(f"`{' '.join(command[:4])}` failed: {reason}")
    return done.stdout


def _object(text: str) -> dict[str, Any]:
    parsed = json.loads(text)
    return parsed if isinstance(parsed, dict) else {}
