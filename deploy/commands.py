"""An update, its repair and its end, each so that it can be repeated after anything has happened to it."""

from __future__ import annotations

import os
import re
import sys

from deploy import namespace
from deploy.state_copies import State
from istio_ingress.pulumi_command import Outcome, Pulumi
from istio_ingress.recovery import file_backend, leftovers
from istio_ingress.recovery import repair as recovery
from istio_ingress.recovery.found import state_of
from istio_ingress.recovery.journal import Journal

NO_STACK = re.compile(r"no stack named")
EXISTS = re.compile(r"already exists")
PENDING = re.compile(r"pending operation")
TORN = re.compile(r"failed to load checkpoint: (unexpected )?EOF")
UPDATE = ("up", "--yes", "--skip-preview")
REFRESH = ("refresh", "--yes", "--skip-preview", "--clear-pending-creates")


def up(pulumi: Pulumi) -> int:
    """Create the stack if need be and update it; what a killed update left is cleared first."""
    state = _state(pulumi)
    selected = _prepared(pulumi, state, "--create")
    if selected.code:
        return selected.code
    namespace.refuse_missing(pulumi)
    code = _recovering(pulumi, *UPDATE).code
    if state:
        state.copy()
    return code


def repair(pulumi: Pulumi) -> int:
    """After requests that were answered wrongly: what has changed in the cluster behind the state's back is put right.

    On the lab; on another cluster it is shown, and the command that puts it right.
    """
    if "LAB_TOOLS" in os.environ:
        _say("the answers are wrong: the cluster is read again, and what is missing or other there is put right.")
        return _recovering(pulumi, *UPDATE, "--refresh").code
    pulumi.show("preview", "--refresh", "--diff")
    _say(f"`pulumi up --refresh --stack {pulumi.stack}` reads the cluster again and puts this right.")
    return 1


def down(pulumi: Pulumi) -> int:
    """Destroy what the stack declared and forget it, but not its configuration; nothing to do where there is none."""
    selected = _prepared(pulumi, _state(pulumi))
    if selected.code:
        return 0 if NO_STACK.search(selected.output) else selected.code
    outcome = _recovering(pulumi, "destroy", "--yes", "--skip-preview")
    return outcome.code or pulumi.show("stack", "rm", pulumi.stack, "--yes", "--preserve-config").code


def _prepared(pulumi: Pulumi, state: State | None, *options: str) -> Outcome:
    """Select the stack, whose state is whole and has been copied then."""
    recovery.end_providers(pulumi)
    restored = ""
    if state:
        if options:
            state.refuse_full_disk()
        restored = state.restore()
        if restored:
            _say(restored)
    selected = _selected(pulumi, *options)
    if state and restored and not selected.code:
        Journal(pulumi, pulumi.backend_url()).add(state.secrets_of_torn())
        recovered = _unlocked(pulumi, *REFRESH)
        if recovered.code:
            return recovered
    if state and options:
        state.copy()
    return selected


def _state(pulumi: Pulumi) -> State | None:
    """None where the backend is none of files."""
    root = file_backend.root(pulumi.backend_url(), pulumi.cwd)
    return State(root, file_backend.project(pulumi.cwd), pulumi.stack.rpartition("/")[2]) if root else None


def _selected(pulumi: Pulumi, *options: str) -> Outcome:
    command = ["stack", "select", *options, pulumi.stack]
    done, _ = pulumi.run(*command)
    if TORN.search(done.output) and recovery.remove_torn_files(pulumi):
        _say("an earlier update was killed; a file of attributes that it left empty is removed.")
        done, _ = pulumi.run(*command)
    if done.code and options and EXISTS.search(done.output):  # another update has just made it
        done, _ = pulumi.run("stack", "select", pulumi.stack)
    if done.code and not NO_STACK.search(done.output):
        _say(done.output.strip())
    return done


def _recovering(pulumi: Pulumi, *arguments: str) -> Outcome:
    journal = Journal(pulumi, pulumi.backend_url())
    outcome = pulumi.show(*arguments)
    if recovery.cancel_dead(pulumi, outcome) or PENDING.search(outcome.output):
        journal.add(leftovers.begun(state_of(pulumi)))
        recovery.clear_pending(pulumi)
        outcome = pulumi.show(*arguments)
    begun = journal.read()
    if begun and outcome.code == 0 and leftovers.remove(begun, state_of(pulumi)):
        journal.clear()
    return outcome


def _unlocked(pulumi: Pulumi, *arguments: str) -> Outcome:
    outcome = pulumi.show(*arguments, to=sys.stderr)
    return pulumi.show(*arguments, to=sys.stderr) if recovery.cancel_dead(pulumi, outcome) else outcome


def _say(text: str) -> None:
    print(f"deploy: {text}", file=sys.stderr, flush=True)
