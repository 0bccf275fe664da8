"""`python -m lab`: up, down, status, logs NAME, env, languages, exec COMMAND."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time

from lab import languages, lifecycle, settings, status, toolchain
from lab.errors import LabError
from lab.interruption import Interrupted, heard_once
from lab.node import namespaces
from lab.progress import Progress


def main() -> int:
    """Run one command; an expected failure is a sentence on standard error and exit code 1."""
    arguments = _parser().parse_args()
    try:
        with heard_once():
            return int(arguments.run(settings.from_environment(), arguments) or 0)
    except LabError as error:
        print(f"lab: {error.report()}", file=sys.stderr)
        return error.exit_code
    except subprocess.CalledProcessError as error:
        reason = (error.stderr or "").strip().splitlines()[-1:] or [f"exit code {error.returncode}"]
        print(f"lab: `{' '.join(map(str, error.cmd[:2]))}` failed: {reason[0]}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"lab: {error.filename or 'a file'}: {error.strerror or error}.", file=sys.stderr)
        return 1
    except Interrupted as interrupted:
        print("lab: interrupted; run the same command again to continue.", file=sys.stderr)
        return interrupted.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lab", description="A real one-node Kubernetes with Istio on this machine, without Docker."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, help_text: str, run: object) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=help_text, description=help_text)
        added.set_defaults(run=run)
        return added

    command("up", "Start the lab, or reuse it when it is healthy.", _up).add_argument(
        "--fresh", action="store_true", help="replace a running lab, with its cluster and the states of its stacks"
    )
    command("down", "End the lab and leave nothing of it but its logs.", _down)
    command("status", "What runs, since when, which versions, how much memory.", _status)
    command("logs", "Print the log of a process or pod.", _logs).add_argument(
        "name", help="a process (kubelet) or the beginning of a pod's name"
    )
    command("env", "Shell exports for pulumi, kubectl and istioctl on the lab.", _env)
    command("languages", "Build the hosts of YAML, TypeScript and Go; print where they are.", _languages)
    command("exec", "Run a command inside the lab's namespaces.", _exec).add_argument(
        "command", nargs=argparse.REMAINDER
    )
    return parser


def _up(lab: settings.LabSettings, arguments: argparse.Namespace) -> int:
    progress = Progress(lab.cache / "durations.json")
    if not lifecycle.up(lab, progress, fresh=arguments.fresh):
        print(f"lab: {lab.name} is up already, API server at https://{lab.node_ip}:6443", file=sys.stderr)
        return 0
    pulumi = lifecycle.stored_pulumi(lab).describe()
    took = time.monotonic() - progress.started
    print(f"lab: {lab.name} is up after {took:.1f} s, node {lab.node_ip}; Pulumi: {pulumi}", file=sys.stderr)
    return 0


def _down(lab: settings.LabSettings, _: argparse.Namespace) -> int:
    started = time.monotonic()
    lifecycle.down(lab)
    print(f"lab: down in {time.monotonic() - started:.1f} s", file=sys.stderr)
    return 0


def _status(lab: settings.LabSettings, _: argparse.Namespace) -> int:
    wrong = lifecycle.problem(lab)
    _say(f"{lab.name}: {'healthy' if wrong is None else wrong}")
    if namespaces.find(lab):
        _say(status.table(lab))
    return 0 if wrong is None else 1


def _logs(lab: settings.LabSettings, arguments: argparse.Namespace) -> int:
    _say(status.log_of(lab, arguments.name).read_text(errors="replace"), end="")
    return 0


def _env(lab: settings.LabSettings, _: argparse.Namespace) -> int:
    _require_running(lab)
    _say(toolchain.exports(toolchain.environment(lab, lifecycle.stored_pulumi(lab))))
    return 0


def _languages(lab: settings.LabSettings, _: argparse.Namespace) -> int:
    _say(str(languages.prepare(lab, Progress(lab.cache / "durations.json"))))
    return 0


def _exec(lab: settings.LabSettings, arguments: argparse.Namespace) -> int:
    init = _require_running(lab)
    command = [word for word in arguments.command if word != "--"] or [os.environ.get("SHELL", "/bin/sh")]
    return subprocess.run(namespaces.enter(init, *command), check=False).returncode


def _say(text: str, end: str = "\n") -> None:
    """Write a result; a reader that has gone away (`| head -1`) is no error."""
    try:
        print(text, end=end, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _require_running(lab: settings.LabSettings) -> namespaces.Init:
    init = namespaces.find(lab)
    if init is None or not (lab.run / "ready.json").exists():
        raise LabError("the lab is not running; start it with `make up` or `python -m lab up`.")
    return init


if __name__ == "__main__":
    sys.exit(main())
