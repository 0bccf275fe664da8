"""What is found, as people, GitHub and code scanning read it."""

import json
from pathlib import Path

import jsonschema
import pytest

from istio_ingress import rules
from istio_ingress.check.files import Unreadable
from istio_ingress.check.formats import FORMATS
from istio_ingress.check.report import Report, place

SCHEMA = json.loads((Path(__file__).parent / "sarif-2.1.0.json").read_text())
RULE = rules.all_rules()[0].id


def finding(**fields):
    told = {
        "rule": RULE,
        "severity": rules.Severity.ERROR,
        "kind": "Gateway",
        "namespace": "shop",
        "name": "web",
        "path": "spec.servers[0]",
        "message": "It is wrong.",
        "remedy": "Mend it.",
        "source": "istio",
        "origin": "deploy/gateway.yaml:3",
        **fields,
    }
    return rules.Finding(**told)


def report(*findings, **fields):
    return Report(findings, **{"judged": 2, "not_read": {}, "unreadable": [], **fields})


def sarif(*findings, **fields):
    log = json.loads(FORMATS["sarif"](report(*findings, **fields)))
    jsonschema.validate(log, SCHEMA, format_checker=jsonschema.FormatChecker())
    (run,) = log["runs"]
    return run


def test_sarif_names_rule_place_and_object():
    run = sarif(finding())

    (result,) = run["results"]
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == RULE
    assert (result["level"], result["message"]["text"]) == (
        "error",
        "Gateway shop/web spec.servers[0]: It is wrong. Mend it.",
    )
    (location,) = result["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "deploy/gateway.yaml"},
        "region": {"startLine": 3},
    }
    assert location["logicalLocations"][0]["fullyQualifiedName"] == "Gateway shop/web spec.servers[0]"


@pytest.mark.parametrize(
    ("origin", "location"),
    [
        ("standard input:7", None),
        ("", None),
        (
            "a folder/ü:1.yaml:7",
            {"artifactLocation": {"uri": "a%20folder/%C3%BC%3A1.yaml"}, "region": {"startLine": 7}},
        ),
        ("istio-ingress.toml", {"artifactLocation": {"uri": "istio-ingress.toml"}}),
        ("/elsewhere/a.yaml:7", {"artifactLocation": {"uri": "file:///elsewhere/a.yaml"}, "region": {"startLine": 7}}),
    ],
)
def test_sarif_is_valid_wherever_a_manifest_comes_from(origin, location):
    (result,) = sarif(finding(origin=origin))["results"]

    assert result["locations"][0].get("physicalLocation") == location


def test_sarif_shows_what_is_waived_as_suppressed():
    waived, open_ = sarif(finding(waived="until May"), finding(severity=rules.Severity.WARNING))["results"]

    assert waived["suppressions"] == [{"kind": "external", "justification": "until May"}]
    assert (open_["level"], open_.get("suppressions")) == ("warning", None)


def test_sarif_says_what_could_not_be_read():
    (invocation,) = sarif(unreadable=[Unreadable("a.yaml", "line 1: it is nothing")])["invocations"]

    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][0]["message"]["text"] == "cannot read a.yaml: line 1: it is nothing"
    assert sarif()["invocations"][0]["executionSuccessful"] is True


def test_sarif_keeps_a_finding_recognisable_when_its_line_moves():
    prints = [sarif(finding(origin=f"a.yaml:{line}"))["results"][0]["partialFingerprints"] for line in (1, 9)]

    assert prints[0] == prints[1]
    assert sarif(finding(name="other"))["results"][0]["partialFingerprints"] != prints[0]


def test_github_annotates_the_line():
    text = FORMATS["github"](report(finding(severity=rules.Severity.WARNING), finding(waived="so")))

    assert text.splitlines() == [
        f"::warning file=deploy/gateway.yaml,line=3,title={RULE}::"
        "Gateway shop/web spec.servers[0]: It is wrong. Mend it.",
        "1 finding, 1 waived, in 2 manifests",
    ]


def test_github_is_told_no_other_command_by_what_a_manifest_says():
    text = FORMATS["github"](report(finding(message="50%\r\n::error::x.", origin="a:b,c%.yaml:3")))

    annotation, summary = text.split("\n")
    assert annotation.startswith(f"::error file=a%3Ab%2Cc%25.yaml,line=3,title={RULE}::")
    assert "50%25%0D%0A::error::x." in annotation
    assert summary == "1 finding in 2 manifests"


def test_github_shows_what_has_no_file_and_what_cannot_be_read():
    text = FORMATS["github"](
        report(finding(origin="standard input:2"), unreadable=[Unreadable("a.yaml", "line 1: no")])
    )

    assert text.splitlines()[:2] == [
        "::error file=a.yaml,title=cannot be read::cannot read a.yaml: line 1: no",
        f"::error title={RULE}::Gateway shop/web spec.servers[0]: It is wrong. Mend it.",
    ]


@pytest.mark.parametrize("name", ["text", "github"])
def test_what_is_not_judged_is_counted(name):
    text = FORMATS[name](report(not_read={"ConfigMap": 1, "HTTPRoute": 2}))

    assert text == "0 findings in 2 manifests; not read: 1 ConfigMap, 2 HTTPRoute"


def test_json_has_everything():
    told = json.loads(FORMATS["json"](report(finding(), not_read={"HTTPRoute": 2}, unreadable=[Unreadable("a", "b")])))

    assert told == {
        "manifests": 2,
        "not_read": {"HTTPRoute": 2},
        "unreadable": [{"file": "a", "reason": "b"}],
        "findings": [finding().as_dict()],
    }


@pytest.mark.parametrize(
    ("origin", "wanted"),
    [
        ("a.yaml:3", ("a.yaml", 3)),
        ("a:b", ("a:b", 0)),
        ("C:\\a.yaml:3", ("C:\\a.yaml", 3)),
        ("standard input:3", ("", 0)),
    ],
)
def test_the_place_of_a_finding(origin, wanted):
    assert place(origin) == wanted
