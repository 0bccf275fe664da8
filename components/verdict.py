"""What `rules` finds in a program's objects, and what the person at the command line reads about it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import pulumi

import rules

from .manifests import Declared

_CONFIG = "istio-ingress"


class Judge:
    """Runs the rules; what does not stop the program it says once."""

    def __init__(self, *, reads_certificates: bool) -> None:
        """Judge one program; under Pulumi's mocks certificates are made up, so they are not read."""
        self.gateway_namespaces: dict[str, str] = {}
        self._reads_certificates = reads_certificates
        self._said: set[rules.Finding] = set()

    def refuse(self, declared: Sequence[Declared]) -> None:
        """Show warnings and waivers that are new, and end the program with the errors.

        Raises:
            pulumi.RunError: naming all of them.
        """
        findings = self._findings(declared)
        errors = [f for f in findings if _stops(f)]
        new = [f for f in findings if not _stops(f) and f not in self._said]
        self._said.update(new)
        if waived := [f"waived, because {f.waived}: {_line(f)}" for f in new if f.waived]:
            pulumi.info("\n".join(waived))
        if warnings := [_line(f) for f in new if not f.waived]:
            pulumi.warn("\n".join(warnings))
        if errors:
            raise pulumi.RunError(_message(errors))

    def _findings(self, declared: Iterable[Declared]) -> list[rules.Finding]:
        settings = self._settings()
        wanted = [rule for rule in rules.all_rules() if self._reads_certificates or not rule.reads_certificates]
        clusters: dict[int, list[rules.Manifest]] = {}
        for one in declared:
            manifest = rules.Manifest(one.manifest(rules.UNKNOWN), one.name)
            clusters.setdefault(one.provider, []).append(manifest)
        now = datetime.now(UTC)
        try:
            return [
                finding
                for manifests in clusters.values()
                for finding in rules.check(manifests, now=now, settings=settings, only=wanted)
            ]
        except ValueError as error:
            raise pulumi.RunError(f"Config {_CONFIG}:waivers: {error}.") from None

    def _settings(self) -> rules.Settings:
        config = pulumi.Config(_CONFIG)
        waivers = config.get_object("waivers") or {}
        if not isinstance(waivers, Mapping) or not all(isinstance(reason, str) for reason in waivers.values()):
            raise pulumi.RunError(f"Config {_CONFIG}:waivers is not a mapping from rule to reason.")
        default = rules.Settings()
        due = config.get_int("certificate_due_days")
        try:
            return rules.Settings(
                production=config.get_bool("production") or False,
                expiry_days=default.expiry_days if due is None else due,
                gateway_namespaces=self.gateway_namespaces,
                namespace=pulumi.Config("kubernetes").get("namespace") or "",
                waivers=waivers,
            )
        except ValueError as error:
            raise pulumi.RunError(f"Config {_CONFIG}: {error}.") from None


def _stops(finding: rules.Finding) -> bool:
    return not finding.waived and finding.severity.value == "error"


def _line(finding: rules.Finding) -> str:
    declared = f' (declared as "{finding.origin}")' if finding.origin not in ("", finding.name) else ""
    where = f"{finding.resource}{declared} {finding.path}".rstrip()
    return f"{finding.rule}: {where}: {finding.message} {finding.remedy}"


def _message(errors: Sequence[rules.Finding]) -> str:
    mistakes = "1 mistake" if len(errors) == 1 else f"{len(errors)} mistakes"
    lines = "\n".join(f"  {_line(error)}" for error in errors)
    rule = errors[0].rule
    return (
        f"{mistakes} in the ingress. What they are in has not been registered.\n{lines}\n"
        "docs/rules.md explains each rule. To let one pass, say why: "
        f"pulumi config set --path '{_CONFIG}:waivers[\"{rule}\"]' 'the reason'"
    )
