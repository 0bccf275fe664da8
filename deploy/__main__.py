"""`python -m deploy up|down|renew-check STACK`: Pulumi, with recovery from an update that was killed."""

from __future__ import annotations

import argparse
import json
import os
import re
import socket
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from deploy import leftovers, sidecars

NO_STACK = re.compile(r"no stack named")
LOCK_HOLDER = re.compile(r"created by [^@\s]+@(?P<host>\S+) \(pid (?P<pid>\d+)\)")
PENDING = re.compile(r"pending operation")
TORN = re.compile(r"failed to load checkpoint: (unexpected )?EOF")


@dataclass(frozen=True)
class Outcome:
    """How a pulumi command ended, and all that it printed."""

    code: int
    output: str


def main() -> int:
    """Run one command with Pulumi's own exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy", description=__doc__)
    parser.add_argument("command", choices=sorted(COMMANDS))
    parser.add_argument("stack")
    arguments = parser.parse_args()
    os.environ["PULUMI_STACK"] = arguments.stack
    try:
        return COMMANDS[arguments.command](arguments.stack)
    except FileNotFoundError:
        print("deploy: `pulumi` is not on PATH; install it, or run `make up` without LAB=0.", file=sys.stderr)
        return 1


def up(stack: str) -> int:
    """Create the stack if need be and update it; what a killed update left locked or pending is cleared first."""
    selected = _select(stack, "--create")
    return selected.code or _recovering("up", "--yes", "--skip-preview").code


def down(stack: str) -> int:
    """Destroy what the stack declared and forget it, but not its configuration; nothing to do where there is none."""
    selected = _select(stack)
    if selected.code:
        return 0 if NO_STACK.search(selected.output) else selected.code
    outcome = _recovering("destroy", "--yes", "--skip-preview")
    return outcome.code or pulumi("stack", "rm", stack, "--yes", "--preserve-config").code


def renew_check(_: str) -> int:
    """Exit code 0: nothing is due. Anything else: the preview shows what is."""
    return pulumi("preview", "--expect-no-changes").code


COMMANDS = {"up": up, "down": down, "renew-check": renew_check}


def pulumi(*arguments: str) -> Outcome:
    """Run pulumi, showing its output as it comes and keeping it."""
    with subprocess.Popen(
        ["pulumi", *arguments, "--non-interactive"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        lines = []
        for line in process.stdout or ():
            lines.append(line)
            print(line, end="", flush=True)
    return Outcome(process.returncode, "".join(lines))


def _select(stack: str, *options: str) -> Outcome:
    command = ["stack", "select", *options, stack, "--non-interactive"]
    done = _quietly(*command)
    if TORN.search(done.stderr) and sidecars.remove_torn(json.loads(_quietly("whoami", "--json").stdout)["url"]):
        print(
            "deploy: an earlier update was killed; a file of attributes that it left empty is removed.", file=sys.stderr
        )
        done = _quietly(*command)
    if done.returncode and not NO_STACK.search(done.stderr):
        print(f"deploy: {done.stderr.strip()}", file=sys.stderr)
    return Outcome(done.returncode, done.stderr)


def _quietly(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["pulumi", *arguments], capture_output=True, text=True, check=False)


def _recovering(*arguments: str) -> Outcome:
    outcome = pulumi(*arguments)
    if _clear_dead_lock(outcome) or PENDING.search(outcome.output):
        begun = leftovers.begun(_state())
        _clear_pending()
        outcome = pulumi(*arguments)
        if outcome.code == 0:
            leftovers.remove(begun, _state())
    return outcome


def _state() -> dict[str, Any]:
    """The stack's state; secrets in it stay encrypted."""
    exported = subprocess.run(["pulumi", "stack", "export"], capture_output=True, text=True, check=True).stdout
    state: dict[str, Any] = json.loads(exported)["deployment"]
    return state


def _clear_dead_lock(outcome: Outcome) -> bool:
    """Cancel the update that holds the lock if its process is gone; a living one keeps it."""
    holders = list(LOCK_HOLDER.finditer(outcome.output)) if outcome.code else []
    if not holders or any(_is_alive(holder["host"], int(holder["pid"])) for holder in holders):
        return False
    print("deploy: an earlier update was killed; its lock is cleared.", file=sys.stderr)
    return pulumi("cancel", "--yes").code == 0


def _clear_pending() -> None:
    print(
        "deploy: an earlier update left operations pending; they are cleared and the cluster is read again.",
        file=sys.stderr,
    )
    pulumi("refresh", "--yes", "--skip-preview", "--clear-pending-creates")


def _is_alive(host: str, pid: int) -> bool:
    if host != socket.gethostname():
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    sys.exit(main())
