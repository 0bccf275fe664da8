"""What `rules` finds in a program's objects, and what the person at the command line reads about it."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import pulumi

from .. import rules
from ..rules import stack_settings
from ..rules.plain import SettingError
from . import providers
from .beside import Beside
from .declared import Declared
from .expectations import PAGE, RULE, Expectations
from .unseen import Unseen


class Judge:
    """Runs the rules; what does not stop the program it says once."""

    def __init__(self, *, reads_certificates: bool) -> None:
        """Judge one program; under Pulumi's mocks certificates are made up, so they are not read."""
        self.gateway_namespaces: dict[str, str] = {}
        self._reads_certificates = reads_certificates
        self._shown: set[rules.Finding] = set()
        self.expectations = Expectations()
        self._beside = Beside()

    def refuse(
        self,
        declared: Sequence[Declared],
        unseen: Sequence[Unseen],
        *,
        all_is_seen: bool,
        proves: bool = False,
        anew: bool = False,
    ) -> None:
        """Show warnings and waivers that are new, and end the program with the errors.

        With `all_is_seen` false, as of a program that still goes on, it is no finding that something is not there. Nor
        is it where something `unseen` may bring it; that is said once. `proves` also walks what is expected, of which
        nothing is taken as known with `anew`.

        Raises:
            pulumi.RunError: naming all of them.
        """
        clusters = _clusters(declared, unseen)
        manifests = [cluster.manifests() for cluster in clusters]
        each_found = [self._findings(*pair, all_is_seen) for pair in zip(clusters, manifests, strict=True)]
        found = rules.of_several_clusters(each_found)
        findings = [
            finding for cluster, each in zip(clusters, found, strict=True) for finding in self._judged(cluster, each)
        ]
        if proves:
            for cluster, some in zip(clusters, manifests, strict=True):
                where = cluster.namespace, self.gateway_namespaces
                findings += self.expectations.findings(cluster.declared[0].provider, some, *where, anew=anew)
        errors = [f for f in findings if _stops(f)]
        new = [f for f in findings if not _stops(f) and f not in self._shown]
        self._shown.update(new)
        if waived := [f"waived, because {f.waived}: {_line(f)}" for f in new if f.waived]:
            pulumi.info("\n".join(waived))
        if warnings := [_line(f) for f in new if not f.waived]:
            pulumi.warn("\n".join(warnings))
        if errors:
            raise pulumi.RunError(_message(errors))

    def _findings(
        self, cluster: "_Cluster", manifests: Sequence[rules.Manifest], all_is_seen: bool
    ) -> list[rules.Finding]:
        settings = self._settings(cluster.namespace)
        wanted = [
            rule
            for rule in rules.all_rules()
            if (self._reads_certificates or not rule.reads_certificates) and (all_is_seen or not rule.misses)
        ]
        try:
            if self._reads_certificates:  # no test under mocks asks a cluster
                found = self._beside.findings(cluster.declared[0].resource, manifests, settings, wanted)
                if found is not None:
                    return found
            return rules.check(manifests, now=datetime.now(UTC), settings=settings, only=wanted)
        except SettingError as error:
            raise pulumi.RunError(f"Config {stack_settings.NAMESPACE}:{error.name}: {error}.") from None

    def _judged(self, cluster: "_Cluster", findings: Iterable[rules.Finding]) -> Iterator[rules.Finding]:
        """The findings but those about what is not there and may come with something unseen, which are said once."""
        open_ones: dict[str, list[str]] = {}
        for finding in findings:
            by = cluster.who_may_bring(finding) if finding.absent_from and not finding.waived else ""
            if not by:
                yield finding
            elif finding not in self._shown:
                self._shown.add(finding)
                open_ones.setdefault(by, []).append(_line(finding))
        for by, lines in open_ones.items():
            pulumi.info("\n".join([f"Not judged, as nobody sees what is made by {by}:", *lines]))

    def _settings(self, namespace: str) -> rules.Settings:
        told, spelled = stack_settings.read(pulumi.Config(stack_settings.NAMESPACE).get)
        worked_out = {"gateway_namespaces": self.gateway_namespaces, "namespace": namespace, "program": True}
        try:
            return rules.Settings.of({**told, **worked_out}, spelled)
        except ValueError as error:
            raise pulumi.RunError(f"Config {error}.") from None


class _Cluster(NamedTuple):
    """What is declared with one provider, and what is not seen of it."""

    declared: list[Declared]
    unseen: list[Unseen]

    @property
    def namespace(self) -> str:
        """The namespace of objects that name none; empty where it is not known."""
        given = providers.namespace(self.declared[0].resource)
        return given if isinstance(given, str) else ""

    def manifests(self) -> list[rules.Manifest]:
        """What is declared, as far as it is known."""
        return [rules.Manifest(one.manifest(rules.UNKNOWN), one.name, owned=one.is_owned) for one in self.declared]

    def who_may_bring(self, missing: rules.Finding) -> str:
        """What may make the thing that is not there; empty where nothing can."""
        default = self.namespace or "default"
        found = [one for one in self.unseen if one.is_one and one.reaches(missing.absent_from, default)]
        return ", ".join(map(str, found))


def _clusters(declared: Iterable[Declared], unseen: Sequence[Unseen]) -> list[_Cluster]:
    clusters: dict[int, _Cluster] = {}
    for one in declared:
        clusters.setdefault(one.provider, _Cluster([], [])).declared.append(one)
    for other in unseen:
        if other.provider in clusters:
            clusters[other.provider].unseen.append(other)
    return list(clusters.values())


def _stops(finding: rules.Finding) -> bool:
    return not finding.waived and finding.severity.value == "error"


def _line(finding: rules.Finding) -> str:
    """With the name that the program knows the object by."""
    return finding.sentence(f'(declared as "{finding.origin}")' if finding.origin not in ("", finding.name) else "")


def _message(errors: Sequence[rules.Finding]) -> str:
    mistakes = "1 mistake" if len(errors) == 1 else f"{len(errors)} mistakes"
    lines = "\n".join(f"  {_line(error)}" for error in errors)
    rule = next((error.rule for error in errors if error.rule != RULE), None)
    told = f"{mistakes} in the ingress. What they are in has not been registered.\n{lines}\n"
    if rule is None:
        return f"{told}{PAGE} says how expectations are proven: change them, or the routes."
    return (
        f"{told}`istio-ingress check --explain {rule}` explains the rule. To let it pass, say why: "
        f"pulumi config set --path '{stack_settings.NAMESPACE}:waivers[\"{rule}\"]' 'the reason'"
    )
