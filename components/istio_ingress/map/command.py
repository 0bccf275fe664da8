"""`istio-ingress map`: hosts, listeners, routes, Services and pods as a picture."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from istio_ingress import terminal
from istio_ingress.live import gather, scope
from istio_ingress.live.errors import LiveError
from istio_ingress.live.facts import certain
from istio_ingress.live.scope import Scope
from istio_ingress.map import Graph, graph, mermaid, svg
from istio_ingress.topology import Topology
from istio_ingress.topology.preview import Planned

_FORMATS: dict[str, Callable[[Graph, str], str]] = {"mermaid": lambda drawn, _: mermaid(drawn), "svg": svg}
_EPILOG = """\
examples:
  istio-ingress map > ingress.mmd
  istio-ingress map --output ingress.svg
  pulumi preview --json --show-sames | istio-ingress map --preview --output ingress.svg

exit codes:
  0  there is a map, though something may be broken on it
  2  there is none: the cluster could not be asked, or FILE cannot be read or written

docs/doctor.md shows one.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """What `map` takes."""
    parser.description = "Draw what runs behind the ingress, or what a preview says will run; what is broken is red."
    parser.epilog = _EPILOG
    parser.add_argument("--format", choices=sorted(_FORMATS), help="svg where FILE ends in .svg, otherwise mermaid")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write there instead of standard output")
    parser.add_argument(
        "--preview",
        nargs="?",
        const="-",
        metavar="FILE",
        help="what `pulumi preview --json --show-sames` printed (standard input if no FILE), not the live cluster",
    )
    scope.configure(parser)


def run(options: argparse.Namespace) -> int:
    """Draw it."""
    asked = scope.read(options)
    found, name = (
        _live(asked) if options.preview is None else (_planned(options.preview, asked), "Ingress as previewed")
    )
    suffix = options.output.suffix if options.output else ""
    wanted = options.format or ("svg" if suffix == ".svg" else "mermaid")
    picture = _FORMATS[wanted](graph(found), name)
    if options.output:
        options.output.write_text(f"```mermaid\n{picture}```\n" if suffix == ".md" else picture)
    else:
        terminal.say(picture, end="")
    return 0


def _live(asked: Scope) -> tuple[Topology, str]:
    facts = gather.cluster_facts(asked)
    certain(facts.cluster.server)
    facts.cluster.of("Gateway")
    for error in facts.cluster.objects.values():
        if isinstance(error, LiveError):
            terminal.note(f"not on the map: {error}")
    return facts.topology, f"Ingress of {facts.gateway}, {facts.now:%Y-%m-%d %H:%M} UTC"


def _planned(file: str, asked: Scope) -> Topology:
    planned = Planned.read(_text(file))
    for gap in planned.gaps():
        terminal.note(gap)
    # Where nothing names a namespace, the provider takes this one, unless its own configuration says otherwise.
    settings = replace(asked.settings(gather.config(asked)), namespace="default")
    return planned.topology(gather.now(), settings)


def _text(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text()
    except OSError as error:
        raise LiveError(f"cannot read {file}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise LiveError(f"cannot read {file}: it is not UTF-8 text.") from None
