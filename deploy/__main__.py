"""`python -m deploy check|up|repair|down STACK`: Pulumi, with recovery from an update that was killed."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from deploy import commands, configuration
from istio_ingress.pulumi_command import NotInstalledError, Pulumi
from istio_ingress.terminal import CommandError
from lab.cache import key_of, locked

COMMANDS = {"up": commands.up, "repair": commands.repair, "down": commands.down}


def main() -> int:
    """Run one command with Pulumi's own exit code."""
    options = _parser().parse_args()
    os.umask(0o077)  # Pulumi would write states for everybody to read
    try:
        if options.command != "down":
            configuration.refuse_without_file(options.stack, Path())
        if options.command == "check":
            return 0
        pulumi = Pulumi(stack=options.stack)
        with locked(_lock(pulumi), f"another update of {pulumi.stack}"):
            code = COMMANDS[options.command](pulumi)
    except NotInstalledError:
        print("deploy: `pulumi` is not on PATH; install it, or run `make up` without LAB=0.", file=sys.stderr)
        return 1
    except CommandError as error:
        print(f"deploy: {error}", file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        return 130
    if code and options.with_the_lab:
        print("deploy: it goes with the lab all the same.", file=sys.stderr)
        return 0
    return code


def _lock(pulumi: Pulumi) -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "istio-ingress" / "locks" / f"stack-{key_of(pulumi.backend_url(), pulumi.stack)}.lock"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy", description=__doc__)
    parser.add_argument("command", choices=["check", *COMMANDS])
    parser.add_argument("stack")
    parser.add_argument("--with-the-lab", action="store_true", help="its failure is none: the lab ends next")
    return parser


if __name__ == "__main__":
    sys.exit(main())
