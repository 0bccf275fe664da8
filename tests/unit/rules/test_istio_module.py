"""The rules over manifests that nobody here wrote: Istio's samples and the test data of its analyzers.

The cases and what Istio expects of them are read from Istio's own test; `istio_module.yaml` says which rules stand for
which analyzer, and gives the reason for every difference.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
import yaml

from istio_ingress import rules
from istio_ingress.check import reading
from tests.unit.istio_module import istio_module

HERE = Path(__file__).parent
DATA = yaml.safe_load((HERE / "istio_module.yaml").read_text())
NOW = datetime(2026, 9, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Case:
    name: str
    analyzer: str
    files: tuple[str, ...]
    expected: tuple[tuple[str, str], ...]


@cache
def analysis() -> Path:
    return istio_module() / "pkg" / "config" / "analysis"


@cache
def cases() -> list[Case]:
    """The cases of Istio's analyzers_test.go whose analyzers istio_module.yaml names."""
    source = (analysis() / "analyzers" / "analyzers_test.go").read_text()
    table = re.findall(
        r'name:\s+"([^"]+)",\s*inputFiles:\s*\[\]string\{(.*?)\},.*?analyzer:\s*&?([\w.]+)'
        r".*?expected:\s*\[\]message\{(.*?)\},\n\t\},",
        source,
        re.DOTALL,
    )
    return [
        Case(
            name,
            analyzer,
            tuple(re.findall(r'"([^"]+)"', files)),
            tuple(re.findall(r'\{msg\.(\w+), "([^"]+)"\}', expected)),
        )
        for name, files, analyzer, expected in table
        if analyzer in DATA["analyzers"]
    ]


def default_gateway() -> str:
    """The ingress gateway that Istio's analyzers take for granted."""
    source = (analysis() / "local" / "defaults.go").read_text()
    template = re.search(r"defaultIstioIngressGateway = `(.*?)`", source, re.DOTALL)[1]
    return template.replace("{{.ingressService}}", "istio-ingressgateway").replace("{{.namespace}}", "istio-system")


def findings(case: Case) -> list[rules.Finding]:
    manifests = reading.manifests(default_gateway(), "default")
    for file in case.files:
        manifests += reading.manifests((analysis() / "analyzers" / file).read_text(), file)
    wanted = DATA["analyzers"][case.analyzer]
    found = rules.check(manifests, now=NOW, settings=rules.Settings(complete=True))
    return [finding for finding in found if finding.rule in wanted]


def concerns(finding: rules.Finding, resource: str) -> bool:
    named = re.search(rf"{re.escape(resource)}(?![\w/-])", finding.message)
    return finding.resource == resource or named is not None


def explained(kind: str, case: Case, resource: str) -> bool:
    return any(entry["case"] == case.name and resource in entry["resources"] for entry in DATA[kind])


@pytest.fixture(params=[pytest.param(case, id=case.name) for case in cases()])
def case(request) -> Case:
    return request.param


def test_what_istio_finds_is_found_or_listed_with_the_reason(case):
    found = findings(case)
    missed = [
        f"{message} {resource}"
        for message, resource in case.expected
        if not any(concerns(finding, resource) for finding in found) and not explained("missed", case, resource)
    ]

    assert missed == []


def test_what_only_the_rules_find_is_listed_with_the_reason(case):
    expected = [resource for _, resource in case.expected]
    more = [
        str(finding)
        for finding in findings(case)
        if not any(concerns(finding, resource) for resource in expected)
        and not explained("found_by_the_rules_only", case, finding.resource)
    ]

    assert more == []


def test_every_case_is_read_from_istios_test():
    source = (analysis() / "analyzers" / "analyzers_test.go").read_text()
    named = [name for name in DATA["analyzers"] for _ in re.findall(rf"analyzer:\s*&?{re.escape(name)}\b", source)]
    about_ingress = set(re.findall(r"analyzer:\s*&?((?:gateway|virtualservice)\.\w+)", source))

    assert about_ingress <= set(DATA["analyzers"])
    assert sorted(case.analyzer for case in cases()) == sorted(named)
    assert sum(len(case.expected) for case in cases()) > 60


@pytest.mark.parametrize("kind", ["missed", "found_by_the_rules_only"])
def test_every_listed_difference_is_one(kind):
    for entry in DATA[kind]:
        case = next(case for case in cases() if case.name == entry["case"])
        for resource in entry["resources"]:
            expected = resource in [name for _, name in case.expected]
            found = any(concerns(finding, resource) for finding in findings(case))
            assert (expected, found) == ((True, False) if kind == "missed" else (False, True)), (case.name, resource)
        assert entry["reason"]


def samples() -> list[Path]:
    folder = istio_module() / "samples"
    return sorted(path for path in folder.rglob("*.y*ml") if "templates" not in path.parts)


def test_there_is_no_false_alarm_on_istios_samples():
    alarms = {}
    for path in samples():
        name = str(path.relative_to(istio_module() / "samples"))
        found = rules.check(reading.manifests(path.read_text(), name), now=NOW)
        if found:
            alarms[name] = sorted({finding.rule for finding in found})

    assert len(samples()) > 130
    assert alarms == {entry["file"]: entry["rules"] for entry in DATA["true_findings_in_samples"]}
