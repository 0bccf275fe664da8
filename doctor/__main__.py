"""`python -m doctor`: what runs behind the ingress, what is wrong with it, and the next step.

Exit codes: 0 all is well, 1 something was found (warnings count), 2 something could not be asked.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from doctor import address, checks, gather, report, tools, walkthrough
from doctor.errors import DoctorError
from doctor.facts import GatewayName, certain
from doctor.gather import Wish
from doctor.map import Graph, Planned, graph, mermaid, svg

# How long a change may take from the API server to the gateway.
PUSH_SECONDS = 15.0
_FORMATS: dict[str, Callable[[Graph, str], str]] = {"mermaid": lambda drawn, _: mermaid(drawn), "svg": svg}


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; `check` where none is named."""
    given = list(sys.argv[1:] if words is None else words)
    commands = {"check": _check, "map": _map, "requests": _requests}
    if not given or (given[0] not in commands and given[0] not in ("-h", "--help")):
        given.insert(0, "check")
    options = _parser().parse_args(given)
    try:
        return commands[options.command](options)
    except DoctorError as error:
        print(f"doctor: {error}", file=sys.stderr)
        return report.NOT_ASKED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m doctor",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="docs/doctor.md explains every check.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    check = commands.add_parser("check", help="look at everything (this is what happens without a command)")
    check.add_argument("--json", action="store_true", help="write JSON")
    check.add_argument("--all", action="store_true", help="show every line, however many say ok")
    _add_wish(check)
    drawing = commands.add_parser("map", help="draw hosts, listeners, routes, Services and pods")
    drawing.add_argument("--format", choices=sorted(_FORMATS), help="svg where FILE ends in .svg, otherwise mermaid")
    drawing.add_argument("--output", type=Path, metavar="FILE", help="write there instead of standard output")
    drawing.add_argument(
        "--preview",
        nargs="?",
        const="-",
        metavar="FILE",
        help="what `pulumi preview --json --show-sames` printed (standard input if no FILE), not the live cluster",
    )
    _add_wish(drawing)
    commands.add_parser("requests", help="send the walk-through's requests and print a table")
    return parser


def _add_wish(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--gateway",
        type=_gateway_name,
        metavar="NAMESPACE/SERVICE",
        help="look at this gateway's Service instead of the stack's, and at no stack",
    )
    parser.add_argument(
        "--namespace",
        action="append",
        default=[],
        metavar="NS",
        help="where nobody may list the whole cluster: look only here and in the gateway's namespace",
    )
    parser.add_argument("--expiry-days", type=int, metavar="N", help="certificates must be valid for N days more (21)")
    parser.add_argument(
        "--waive", action="append", default=[], metavar="RULE=REASON", help="a rule that does not apply here, and why"
    )


def _wish(options: argparse.Namespace) -> Wish:
    waivers = dict(waiver.partition("=")[::2] for waiver in options.waive)
    return Wish(options.gateway, tuple(options.namespace), options.expiry_days, waivers)


def _gateway_name(text: str) -> GatewayName:
    namespace, slash, service = text.partition("/")
    if not (namespace and slash and service):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not NAMESPACE/SERVICE, such as istio-system/istio-ingressgateway"
        )
    return GatewayName(namespace, service)


def _check(options: argparse.Namespace) -> int:
    lines = checks.run(gather.all_facts(_wish(options), _certificates()))
    text = json.dumps(report.as_json(lines), indent=2) if options.json else report.as_text(lines, whole=options.all)
    print(report.without_keys(text))
    return report.exit_code(lines)


def _map(options: argparse.Namespace) -> int:
    wish = _wish(options)
    if options.preview is None:
        facts = gather.cluster_facts(wish)
        certain(facts.cluster.server)
        facts.cluster.of("Gateway")
        found, name = facts.topology, f"Ingress of {facts.gateway}, {facts.now:%Y-%m-%d %H:%M} UTC"
        for error in facts.cluster.objects.values():
            if isinstance(error, DoctorError):
                print(f"doctor: not on the map: {error}", file=sys.stderr)
    else:
        planned = Planned.read(_read(options.preview))
        if planned.left_out:
            note = f"{planned.left_out} unchanged resources are not in this preview"
            print(f"doctor: {note}; `pulumi preview --json --show-sames` has them.", file=sys.stderr)
        # Where nothing names a namespace, the provider takes this one, unless its own configuration says otherwise.
        config = gather.config(wish)
        found = planned.topology(gather.now(), replace(wish.settings(config), namespace="default"))
        name = "Ingress as previewed"
    suffix = options.output.suffix if options.output else ""
    wanted = options.format or ("svg" if suffix == ".svg" else "mermaid")
    picture = _FORMATS[wanted](graph(found), name)
    if options.output:
        options.output.write_text(f"```mermaid\n{picture}```\n" if suffix == ".md" else picture)
    else:
        print(picture, end="")
    return report.ALL_RIGHT


def _read(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text()
    except OSError as error:
        raise DoctorError(f"cannot read {file}: {error.strerror}.") from None


def _requests(_: argparse.Namespace) -> int:
    outputs = tools.stack_outputs(show_secrets=True)
    gateway = gather.gateway_of(outputs)
    found = address.find(gateway.namespace, gateway.service)
    to_run = walkthrough.checks(outputs, found)
    if not to_run:
        raise DoctorError("the stack exports no `hosts`, so there is nothing to ask; deploy it first with `make up`.")
    results = walkthrough.run(to_run, outputs, _certificates(), patience=PUSH_SECONDS)
    print(f"Ingress: {found.host}, ports {found.ports} ({found.source})\n")
    print(walkthrough.table(results))
    wrong = [result for result in results if not result.is_right]
    if wrong:
        print(
            f"\ndoctor: {len(wrong)} of {len(results)} answers are wrong, the first: {wrong[0].check.what}",
            file=sys.stderr,
        )
    return report.FOUND if wrong else report.ALL_RIGHT


def _certificates() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "istio-ingress" / "certificates" / os.environ.get("PULUMI_STACK", "default")


if __name__ == "__main__":
    sys.exit(main())
