"""`istio-ingress COMMAND`: only finds the command; what each takes and does is beside what it is about."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NamedTuple

from istio_ingress import terminal
from istio_ingress.terminal import CommandError

DISTRIBUTION = "istio-ingress"
NOT_ASKED, INTERRUPTED = 2, 130


class Command(NamedTuple):
    """A module with `configure(parser)` and `run(options)`, imported when it is asked for, and what it says."""

    module: str
    says: str


COMMANDS = {
    "check": Command("check.command", "what is wrong with the Istio ingress in Kubernetes manifests"),
    "ask": Command("ask.command", "what answers a request, and why, in files, a preview or the cluster"),
    "doctor": Command("doctor.command", "what is wrong with the running ingress, and the next step"),
    "map": Command("map.command", "hosts, listeners, routes, Services and pods as a picture"),
    "requests": Command("requests.command", "what the gateway answers to the walk-through's requests"),
    "recover": Command("recovery.command", "what a killed update left; with --yes, clear it"),
    "renew-check": Command("renew_check", "which certificates are due, so that the next update renews them"),
    "policy-pack": Command("policy.command", "the folder of the Pulumi policy pack"),
}
#: What the extra `tools` brings: as Python imports it, and as pip calls it.
PACKAGES = {
    "cryptography": "cryptography",
    "h2": "httpx[http2]",
    "httpx": "httpx",
    "pulumi_policy": "pulumi-policy",
    "yaml": "PyYAML",
}

_EPILOG = """\
examples:
  kubectl get gateways.networking.istio.io,virtualservices -A -o yaml | istio-ingress check
  istio-ingress doctor
  istio-ingress recover && pulumi up

`istio-ingress COMMAND --help` has the options, examples and exit codes of each. It never runs `pulumi up` for you.
"""


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; gives its exit code.

    Raises:
        SystemExit: the words are wrong (2), or ask for help (0).
    """
    terminal.accept_any_text()
    try:
        try:
            return _run(sys.argv[1:] if words is None else words)
        finally:
            terminal.say(end="")  # whatever argparse has printed
    except CommandError as error:
        terminal.note(error)
    except OSError as error:
        terminal.note(f"{error.filename}: {error.strerror}." if error.filename else f"{error}.")
    except KeyboardInterrupt:
        terminal.note("interrupted.")
        return INTERRUPTED
    return NOT_ASKED


def _run(words: Sequence[str]) -> int:
    parser = _parser()
    if not words:
        parser.print_help(sys.stderr)
        return NOT_ASKED
    name = parser.parse_args(words[:1]).command or parser.error("COMMAND is missing")
    command = COMMANDS[name]
    try:
        module = import_module(f"istio_ingress.{command.module}")
        of_command = argparse.ArgumentParser(
            prog=f"istio-ingress {name}", formatter_class=argparse.RawDescriptionHelpFormatter
        )
        module.configure(of_command)
        return int(module.run(of_command.parse_args(words[1:])))
    except ModuleNotFoundError as error:
        package = PACKAGES.get((error.name or "").partition(".")[0])
        if package is None:
            raise
        install = f"install it with: pip install '{DISTRIBUTION}[tools]'"
        raise CommandError(f"`{name}` needs {package}; {install}") from None


def _parser() -> argparse.ArgumentParser:
    commands = "\n".join(f"  {name:<13}{command.says}" for name, command in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="istio-ingress",
        usage="istio-ingress [-h] [--version] COMMAND ...",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=f"Istio ingress, asked before, while and after Pulumi writes it.\n\ncommands:\n{commands}",
        epilog=_EPILOG,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version that is installed")
    parser.add_argument("command", nargs="?", choices=COMMANDS, metavar="COMMAND", help=argparse.SUPPRESS)
    return parser


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from importlib import metadata

        try:
            terminal.say(f"istio-ingress {metadata.version(DISTRIBUTION)}")
        except metadata.PackageNotFoundError:
            raise CommandError("it is not installed here, so it has no version.") from None
        parser.exit()
