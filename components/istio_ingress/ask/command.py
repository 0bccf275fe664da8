"""`istio-ingress ask URL`: what answers a request, and why."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from istio_ingress import terminal
from istio_ingress.ask import sources
from istio_ingress.ask.report import as_text
from istio_ingress.ask.sources import Source
from istio_ingress.terminal import CommandError
from istio_ingress.walk import ClientCertificate, Knowledge, Request, RequestError, walk

_EPILOG = """\
examples:
  istio-ingress ask https://cart.shop.example/api/items -H 'x-tier: gold'
  istio-ingress ask -f manifests/ -X POST http://cart.shop.example/api
  pulumi preview --json --show-sames | istio-ingress ask https://cart.shop.example/ --preview

exit codes:
  0  something answers
  1  the gateway refuses, or has no route, or no backend stands behind it
  2  it is not known, or cannot be asked

Nothing is sent. docs/ask.md says what is looked at.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """What `ask` takes."""
    parser.description = (
        "Say what answers a request, and why: which listener, host, route and Service. Nothing is sent."
    )
    parser.epilog = _EPILOG
    parser.add_argument(
        "url", nargs="?", metavar="URL", help="https://cart.shop.example/api/items?x=1; http:// if it has no scheme"
    )
    asked = parser.add_argument_group("the request, in curl's words")
    asked.add_argument("-X", "--request", default="GET", metavar="METHOD", help="instead of GET")
    asked.add_argument(
        "-H", "--header", action="append", default=[], metavar="LINE", help="'name: value'; 'Host: …' too"
    )
    asked.add_argument("--sni", metavar="NAME", help="another server name than the URL's host; '' for none")
    asked.add_argument(
        "--client-certificate", type=Path, metavar="FILE", help="PEM of the certificate that the client shows"
    )
    read = parser.add_argument_group("what is asked: by default the cluster of kubectl's current context")
    read.add_argument(
        "-f", "--file", nargs="+", action="extend", metavar="FILE", help="YAML or JSON, folders; - is standard input"
    )
    read.add_argument(
        "--preview", nargs="?", const="-", metavar="FILE", help="what `pulumi preview --json --show-sames` printed"
    )
    read.add_argument(
        "--gateway", default="", metavar="NAMESPACE/SERVICE", help="the gateway's Service, where there are several"
    )
    read.add_argument("--namespace", default="default", metavar="NS", help="the namespace of manifests that name none")
    read.add_argument(
        "--gateway-namespace", action="append", default=[], metavar="[LABELS:]NS",
        help="where gateway pods run, if no manifest says it: istio=ingress:istio-ingress",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="write JSON")


def run(options: argparse.Namespace) -> int:
    """Ask it."""
    _find_url(options)
    if options.file and options.preview is not None:
        raise CommandError("-f and --preview exclude each other.")
    request = _request(options)
    source = _source(options)
    result = walk(source.world, request, options.gateway)
    if options.json:
        terminal.say(json.dumps(result.as_dict(), indent=2))
    else:
        terminal.say(as_text(request, result, source.name))
    return result.exit_code


def _find_url(options: argparse.Namespace) -> None:
    """The URL may follow the files, or `--preview` without a file: argparse takes it for one more of them."""
    if options.url is None and options.file:
        options.url = options.file.pop()
    elif options.url is None and options.preview not in (None, "-"):
        options.url, options.preview = options.preview, "-"
    if options.url is None or options.file == []:
        raise CommandError("a URL is missing, such as https://shop.example/cart; or the file is, after -f.")


def _request(options: argparse.Namespace) -> Request:
    certificate: ClientCertificate | str = ClientCertificate.NONE
    if options.client_certificate:
        try:
            certificate = options.client_certificate.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"--client-certificate: cannot read {options.client_certificate}: {error}") from None
    url = options.url if "://" in options.url else f"http://{options.url}"
    try:
        headers = [_header(line) for line in options.header]
        return Request.of(url, options.request, headers, options.sni, certificate)
    except RequestError as error:
        raise CommandError(f"{error}.") from None


def _header(line: str) -> tuple[str, str | None]:
    """As curl reads it: `name: value`; `name;` is one without a value, `name:` takes away what would be sent."""
    name, colon, value = line.partition(":")
    if colon:
        return name, value.strip() or None
    if line.endswith(";"):
        return line[:-1], ""
    raise RequestError(f"-H {line!r} is no header; write it as 'name: value'")


def _source(options: argparse.Namespace) -> Source:
    pods = [place.rpartition(":") for place in options.gateway_namespace]
    told = {labels: namespace for labels, _, namespace in pods}
    knowledge = Knowledge(options.namespace, now=datetime.now(UTC), gateway_namespaces=told)
    if options.file:
        return sources.from_files(options.file, replace(knowledge, shared=True))
    if options.preview is not None:
        return sources.from_preview(options.preview, replace(knowledge, complete=False, shared=True))
    return sources.from_cluster(replace(knowledge, has_pods=True))
