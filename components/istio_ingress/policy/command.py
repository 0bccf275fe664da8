"""`istio-ingress policy-pack`: where the policy pack is."""

from __future__ import annotations

import argparse
import importlib.util
from pathlib import Path

from istio_ingress import terminal

_EPILOG = """\
examples:
  pulumi preview --policy-pack "$(istio-ingress policy-pack)"
  pulumi up --policy-pack "$(istio-ingress policy-pack)" --policy-pack-config policy-config.json

exit codes:
  0  the folder is printed
  2  the package pulumi-policy, which the pack needs, is not installed beside it

The pack finds in the whole stack, whatever language it is written in, what docs/rules.md lists.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """What `policy-pack` takes."""
    parser.description = "Print the folder of the Pulumi policy pack."
    parser.epilog = _EPILOG


def run(_: argparse.Namespace) -> int:
    """Print it, if the engine will be able to start what is in it."""
    if importlib.util.find_spec("pulumi_policy") is None:
        raise ModuleNotFoundError(name="pulumi_policy")
    terminal.say(str(Path(__file__).resolve().parent))
    return 0
