"""`istio-ingress check FILE…`: what is wrong with the Istio ingress in these manifests."""

from __future__ import annotations

import argparse
import gc
from datetime import UTC, datetime
from pathlib import Path

from istio_ingress import rules, terminal
from istio_ingress.check import files, settings_file
from istio_ingress.check import options as rule_options
from istio_ingress.check.explaining import explained
from istio_ingress.check.formats import FORMATS
from istio_ingress.check.report import Report
from istio_ingress.terminal import CommandError
from istio_ingress.with_cluster import judging
from istio_ingress.with_cluster.access import Access
from istio_ingress.with_cluster.asking import UnreachableError
from istio_ingress.with_cluster.planned import PlannedCluster

_ALL_RIGHT, _FOUND, _UNREADABLE = 0, 1, 2
#: The options that are called as the setting is.
_TOLD = ("production", "complete", "istio_version", "expiry_days", "namespace")
_EPILOG = """\
examples:
  istio-ingress check deploy/ 'overlays/*/gateway.yaml'
  kubectl get gateways.networking.istio.io,virtualservices,services -A -o yaml | istio-ingress check
  helm template ./chart | istio-ingress check --fail-on error -
  istio-ingress check --production --waive 'tls-version-low Gateway shop/web=an old till until May' *.yaml
  istio-ingress check --at 2027-01-31 --format json secrets.yaml
  pulumi preview --json --show-sames | istio-ingress check --with-cluster --context production

exit codes:
  0  nothing was found
  1  something was found: warnings count unless --fail-on says error, what is waived does not
  2  a file cannot be read, or the cluster with --with-cluster

docs/check.md has the formats, the file of settings and the waivers; --explain RULE and docs/rules.md explain the rules.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """What `check` takes."""
    parser.description = "Say what is wrong with the Istio ingress in Kubernetes manifests, or in a preview."
    parser.epilog = _EPILOG
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="YAML or JSON, a folder of them, or a pattern such as '**/*.yaml'; - or nothing is standard input",
    )
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to write what is found (text)")
    parser.add_argument("--json", action="store_const", const="json", dest="format", help="the same as --format json")
    parser.add_argument(
        "--fail-on",
        choices=[severity.value for severity in rules.Severity],
        default=rules.Severity.WARNING.value,
        help="the least that makes the exit code 1 (warning)",
    )
    parser.add_argument(
        "--config", metavar="FILE", type=Path, help=f"the file of settings ({settings_file.NAME} beside the manifests)"
    )
    parser.add_argument("--production", action="store_true", default=None, help="this is a production environment")
    parser.add_argument(
        "--complete", action="store_true", default=None, help="the files hold everything that is in the cluster"
    )
    parser.add_argument("--istio-version", metavar="X.Y", help="the release of Istio that runs (the newest known)")
    parser.add_argument("--namespace", metavar="NS", help="the namespace of manifests that name none")
    parser.add_argument(
        "--gateway-namespace",
        action="append",
        default=[],
        metavar="[LABELS:]NS",
        help="where gateway pods run: istio-system, or istio=ingress:istio-ingress for those with these labels",
    )
    parser.add_argument(
        "--with-cluster",
        action="store_true",
        help="hold them against what lives in the cluster, Secrets apart: that of a preview's provider, or one named",
    )
    parser.add_argument("--kubeconfig", metavar="FILE", default="", help="the cluster for --with-cluster: its file")
    parser.add_argument("--context", metavar="NAME", default="", help="its context; never the current one by chance")
    rule_options.configure(parser)
    parser.add_argument("--at", metavar="TIME", help="judge certificates at this time, such as 2027-01-31 (now)")
    parser.add_argument("--explain", metavar="RULE", help="what a rule is about, with an example; reads no files")


def run(options: argparse.Namespace) -> int:
    """Check the files that are named, or standard input."""
    if options.explain is not None:
        return _explain(options)
    gc.disable()  # nothing that is read goes before the end
    words = options.files or [files.STANDARD_INPUT]
    try:
        file = options.config or settings_file.find(words)
        settings = _settings(options, file)
        now = _moment(options.at) if options.at is not None else datetime.now(UTC)
        rules.check([], now=now, settings=settings, only=[])  # settings are refused before anything is read
        found = files.read(words)
        findings = _findings(options, found, settings, now)
    except UnreachableError as error:
        raise CommandError(f"the cluster was not read: {error}.") from None
    except ValueError as error:
        raise CommandError(error) from None
    not_read = rules.not_read(found.manifests)
    judged = len(found.manifests) - sum(not_read.values())
    patches = {"Kustomize patch": found.patches} if found.patches else {}
    report = Report(findings, judged, not_read | patches, found.unreadable)
    for other in settings_file.passed_over(found.folders, file):
        terminal.note(f"{other} is not used: name it with --config, or put it beside the folders that are named.")
    for one in report.unreadable:
        terminal.note(one)
    if not rules.reads_certificates():
        missing = "the package cryptography is missing: pip install 'istio-ingress[tools]'"
        terminal.note(f"certificates were not read, because {missing}")
    terminal.say(FORMATS[options.format](report))
    if report.unreadable:
        return _UNREADABLE
    return _FOUND if report.fails(rules.Severity(options.fail_on)) else _ALL_RIGHT


def _explain(options: argparse.Namespace) -> int:
    if options.files:
        raise CommandError("--explain RULE reads no files: name it alone.")
    try:
        terminal.say(explained(options.explain))
    except ValueError as error:
        raise CommandError(f"{error}.") from None
    return _ALL_RIGHT


def _findings(
    options: argparse.Namespace, found: files.Found, settings: rules.Settings, now: datetime
) -> list[rules.Finding]:
    named = Access(options.kubeconfig, options.context) if options.kubeconfig or options.context else None
    if not options.with_cluster:
        if named:
            raise ValueError("--kubeconfig and --context go with --with-cluster")
        return rules.check(found.manifests, now=now, settings=settings)
    of_previews = {id(one) for cluster in found.planned for one in cluster.manifests}
    rest = [one for one in found.manifests if id(one) not in of_previews]
    clusters = [*found.planned, *([PlannedCluster("", None, manifests=rest)] if rest else [])]
    judged = list(judging.judge(clusters, named, now=now, settings=settings, say=terminal.note))
    return [finding for findings in rules.of_several_clusters(judged) for finding in findings]


def _settings(options: argparse.Namespace, file: Path | None) -> rules.Settings:
    """What the file of settings says, and above it what the command line does."""
    of_file = settings_file.read(file) if file else {}
    kept = rules.Settings.of(of_file, settings_file.spelled(file) if file else {})
    told = {name: getattr(options, name) for name in _TOLD if getattr(options, name) not in (None, "")}
    pods = (place.rpartition(":") for place in options.gateway_namespace)
    namespaces = {labels: namespace for labels, _, namespace in pods}
    return rules.Settings.of(
        {
            **vars(kept),
            **told,
            "gateway_namespaces": {**kept.gateway_namespaces, **namespaces},
            "waivers": {**kept.waivers, **rule_options.waivers(options)},
        }
    )


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"--at {text!r} is no time; 2027-01-31 and 2027-01-31T12:00:00+00:00 are") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
