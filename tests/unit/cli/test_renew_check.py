"""`istio-ingress renew-check`, with a pulumi that only talks."""

import json
import sys
from datetime import UTC, datetime, timedelta

import pytest

from istio_ingress import renew_check
from istio_ingress.cli import main

NOW = datetime(2027, 12, 7, 12, tzinfo=UTC)
LEAF, ROOT = "tls:index/locallySignedCert:LocallySignedCert", "tls:index/selfSignedCert:SelfSignedCert"


def step(op, name="web-certificate", kind=LEAF, days=24, days_before=30, parent="istio-ingress:index:TlsGateway$"):
    ends = (datetime.now(UTC) + timedelta(days=days, minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "op": op,
        "urn": f"urn:pulumi:dev::shop::{parent}{kind}::{name}",
        "oldState": {
            "type": kind,
            "inputs": {"earlyRenewalHours": days_before * 24},
            "outputs": {"validityEndTime": ends},
        },
    }


STACK = {"op": "same", "urn": "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev", "oldState": {"type": "…"}}
SECRET = step("update", "web", "kubernetes:core/v1:Secret")


@pytest.fixture
def check(tmp_path, monkeypatch, capfd):
    """Run it on a preview: exit code, standard output, standard error."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def run(*steps, words=(), printed=None, code=0):
        text = json.dumps({"steps": steps}) if printed is None else printed
        (tmp_path / "printed").write_text(text)
        (tmp_path / "pulumi").write_text(
            f"#!{sys.executable}\nimport os, pathlib, sys\nfolder = pathlib.Path(__file__).parent\n"
            "(folder / 'called').write_text(os.environ.get('PULUMI_STACK', '-') + ' ' + ' '.join(sys.argv[1:]))\n"
            "print((folder / 'printed').read_text())\n"
            f"print('error: on standard error', file=sys.stderr)\nsys.exit({code})\n"
        )
        (tmp_path / "pulumi").chmod(0o755)
        return main(["renew-check", "--cwd", str(tmp_path), *words]), *capfd.readouterr()

    return run


def test_nothing_is_due(check, tmp_path, monkeypatch):
    monkeypatch.delenv("PULUMI_STACK", raising=False)
    assert check(STACK) == (0, "renew-check: nothing is due.\n", "")
    assert (tmp_path / "called").read_text() == "- preview --json --non-interactive"


def test_a_certificate_that_is_due_is_said_in_a_sentence(check):
    replaced = step("replace")
    ends = replaced["oldState"]["outputs"]["validityEndTime"][:10]
    code, out, _ = check(STACK, replaced, SECRET)
    first, last = out.splitlines()
    assert code == 1
    assert first == (
        f"due      web-certificate ends {ends}, in 24 days: it is renewed 30 days before its end, and so by the next "
        "update."
    )
    assert last == "renew-check: 1 due; `pulumi up` renews them."


def test_other_changes_are_no_renewal_but_no_silence_either(check):
    code, out, _ = check(STACK, step("replace", days=200), SECRET)
    assert code == 1
    assert out.splitlines() == [
        f"change   replace {LEAF} web-certificate",
        "change   update kubernetes:core/v1:Secret web",
        "renew-check: no certificate is due, but an update would change something else.",
    ]


@pytest.mark.parametrize("op", ["same", "read", "read-discard", "read-replacement"])
def test_what_pulumi_takes_for_no_change_is_none(check, op):
    assert check(step(op))[0] == 0


def test_as_json(check):
    code, out, _ = check(STACK, step("create-replacement", kind=ROOT), SECRET, words=["--json"])
    report = json.loads(out)
    assert code == 1
    assert [(one["name"], one["days_before"]) for one in report["due"]] == [("web-certificate", 30)]
    assert datetime.fromisoformat(report["due"][0]["ends"]) > datetime.now(UTC)
    assert report["changes"] == [
        {"operation": "create-replacement", "kind": ROOT, "name": "web-certificate"},
        {"operation": "update", "kind": "kubernetes:core/v1:Secret", "name": "web"},
    ]


def test_a_stack_can_be_named(check, tmp_path):
    check(STACK, words=["--stack", "prod"])
    assert (tmp_path / "called").read_text() == "prod preview --json --stack prod --non-interactive"


def test_a_preview_that_fails_is_told_by_its_first_error(check):
    diagnostics = [
        {"severity": "info", "message": "hello"},
        {"severity": "error", "message": 'error: TlsGateway "web": hosts is empty.\n'},
        {"severity": "error", "message": "error: an unhandled error occurred"},
    ]
    found = check(printed=json.dumps({"steps": [], "diagnostics": diagnostics}), code=255)
    assert found == (2, "", 'istio-ingress: there is no preview: TlsGateway "web": hosts is empty.\n')


@pytest.mark.parametrize("printed", ["", "[]", "{}", "hello"])
def test_a_preview_that_fails_without_json_is_told_by_pulumis_last_word(check, printed):
    assert check(printed=printed, code=1) == (2, "", "istio-ingress: there is no preview: on standard error\n")


def test_an_answer_that_is_no_json(check):
    assert check(printed="hello")[::2] == (2, "istio-ingress: `pulumi preview --json` printed no JSON: 'hello'.\n")


@pytest.mark.parametrize(("days", "when"), [(24, "in 24 days"), (0, "in 0 days"), (-3, "3 days ago")])
def test_when_a_certificate_ends(days, when):
    due = renew_check.Due("web", NOW + timedelta(days=days), 30)
    assert f"{(NOW + timedelta(days=days)):%Y-%m-%d}, {when}: it is renewed 30 days" in due.sentence(NOW)


@pytest.mark.parametrize("broken", [{"inputs": None}, {"outputs": None}, {"outputs": {"validityEndTime": {"x": 1}}}])
def test_a_certificate_whose_end_is_not_known_is_a_change(check, broken):
    replaced = step("replace", days_before=0)
    replaced["oldState"] |= broken
    assert "no certificate is due, but" in check(replaced)[1]
