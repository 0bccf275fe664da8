"""`istio-ingress check` as a person runs it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]

GOOD = """\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: shop, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: [shop.example]
"""
BAD = GOOD.replace("name: shop,", "name: shop.example,")
REDIRECT = GOOD.replace("name: shop,", "name: blog,") + "    tls: {httpsRedirect: true}\n"
WARNED = GOOD + "---\n" + REDIRECT


def run(*arguments, stdin=""):
    command = [sys.executable, "-m", "istio_ingress", "check", *map(str, arguments)]
    return subprocess.run(command, cwd=REPOSITORY, input=stdin, capture_output=True, text=True, check=False)


@pytest.fixture
def file(tmp_path):
    def write(text, name="gateway.yaml"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_nothing_wrong(file):
    done = run(file(GOOD))

    assert (done.returncode, done.stdout, done.stderr) == (0, "0 findings in 1 manifest\n", "")


def test_a_finding_says_where_what_and_what_would_be_right(file):
    path = file("\n---\n# a comment\n" + BAD)

    done = run(path)

    assert done.returncode == 1
    assert done.stdout == (
        f"{path}:4: error gateway-name: Gateway shop/shop.example metadata.name\n"
        "    The name 'shop.example' is not a DNS label.\n"
        "    Use at most 63 of a-z, 0-9 and -, without dots.\n"
        "1 finding in 1 manifest\n"
    )


def test_a_warning_counts(file):
    assert run(file(WARNED)).returncode == 1


def test_standard_input_with_and_without_a_dash():
    assert run(stdin=BAD).stdout.startswith("standard input:1: error gateway-name")
    assert run("-", stdin=BAD).returncode == 1
    assert run(stdin="").stdout == "0 findings in 0 manifests\n"


def test_several_files_are_held_against_each_other(file):
    one, other = file(GOOD, "one.yaml"), file(REDIRECT, "two.yaml")

    assert run(one).returncode == 0
    assert "host-shared" in run(one, other).stdout


def test_json(file):
    path = file(BAD)

    report = json.loads(run("--json", path).stdout)

    assert report == {
        "manifests": 1,
        "not_read": {},
        "unreadable": [],
        "findings": [
            {
                "rule": "gateway-name",
                "severity": "error",
                "kind": "Gateway",
                "namespace": "shop",
                "name": "shop.example",
                "path": "metadata.name",
                "message": "The name 'shop.example' is not a DNS label.",
                "remedy": "Use at most 63 of a-z, 0-9 and -, without dots.",
                "source": "istio pkg/config/validation/validation.go ValidateGateway",
                "origin": f"{path}:1",
                "waived": "",
            }
        ],
    }


def test_json_is_read_too_and_so_are_lists(file):
    listed = {"apiVersion": "v1", "kind": "List", "items": [json.loads(json.dumps({"kind": "Gateway"}))]}
    gateway = {"apiVersion": "networking.istio.io/v1", "kind": "Gateway", "metadata": {"name": "a.b"}, "spec": {}}
    listed["items"].append(gateway)

    assert "gateway-name" in run(file(json.dumps(listed, indent="\t"), "list.json")).stdout


def test_a_waived_finding_is_shown_and_does_not_count(file):
    done = run("--waive", "gateway-name=it is renamed next week", file(BAD))

    assert done.returncode == 0
    assert "waived gateway-name: Gateway shop/shop.example" in done.stdout
    assert "Waived: it is renamed next week" in done.stdout
    assert done.stdout.endswith("0 findings, 1 waived, in 1 manifest\n")


def test_values_that_are_filled_in_later_are_not_judged(file):
    template = GOOD.replace("shop.example", "'${HOST}'").replace("name: shop,", "name: $GATEWAY_NAME,")

    assert run(file(template)).returncode == 0


def test_the_environment_can_be_told(file):
    anything = GOOD.replace("[shop.example]", "['*']")

    assert run(file(anything)).returncode == 0
    assert "wildcard-host-in-production" in run("--production", file(anything)).stdout
    assert "gateway-selector-unmatched" in run("--complete", file(GOOD)).stdout


def test_the_gateways_namespace_can_be_told(file):
    tls = GOOD.replace("80, name: http, protocol: HTTP", "443, name: https, protocol: HTTPS")
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: web, namespace: shop}\n"
    path = file(f"{tls}    tls: {{mode: SIMPLE, credentialName: web}}\n---\n{secret}")

    def found(*told):
        return "credential-namespace" in run(*told, path).stdout

    assert not found()
    assert found("--gateway-namespace", "istio-system")
    assert found("--gateway-namespace", "istio=ingressgateway:istio-system")
    assert not found("--gateway-namespace", "istio=other:istio-system")


def test_certificates_can_be_judged_for_another_day(file):
    from tests.unit.rules.material import certificate, private_key

    pair = {"tls.crt": certificate("shop.example", days="10"), "tls.key": private_key("shop.example")}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "web"}, "stringData": pair}
    gateway = GOOD.replace("80, name: http, protocol: HTTP", "443, name: https, protocol: HTTPS")
    path = file(f"{gateway}    tls: {{mode: SIMPLE, credentialName: web}}\n---\n{json.dumps(secret)}")

    assert "certificate-due" in run("--at", "2026-06-01", path).stdout
    assert run("--at", "2026-06-01", "--expiry-days", "5", path).returncode == 0
    assert "certificate-expired" in run("--at", "2026-07-01T12:00:00+00:00", path).stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [b", "line 2: did not find expected ',' or ']'"),
        ("a: b\n---\nhello", "line 3: a manifest is a mapping, and this is text"),
        ("- 1\n- 2\n", "line 1: a manifest is a mapping, and this is a number"),
        ("kind: {{ .Values.kind }}\n", "line 1: this is a template and no YAML yet; render it first"),
        ("a: 1\n{{- if .Values.b }}\nb: 1\n{{- end }}\n", "line 2: this is a template and no YAML yet; render it"),
        (b"a: 1\nb: \xe9\n", "line 2: it is not UTF-8 text"),
        (b"\xff\xfe\x00", "line 1: it is not UTF-8 text"),
        ("a: \x07", "it is not YAML"),
        ("a:\n\tb: 1\n", "line 2: a tab stands where only spaces may"),
        ("[" * 5000, "line 1: it is nested more than 200 levels deep"),
        ('{"a":' * 50000, "line 1: it is nested more than 200 levels deep"),
        ("a: &a {b: *a}", "line 1: &a holds itself"),
        ("a: *b", "line 1: there is no &b above *b"),
        ("? [a]\n: b", "line 1: a mapping, a list or null is no key"),
        ("<<: [a]", "line 1: << needs a mapping, or a list of mappings"),
        ("a: .inf", "line 1: .inf is a number that JSON does not have"),
        ("a: !!int x", "line 1: 'x' cannot be read as !!int"),
        ("kind: List\nitems: [1]\n", "line 2: a manifest is a mapping, and this is a number"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence(file, text, said):
    path = file(text)

    done = run(path)

    assert done.returncode == 2
    assert done.stderr.startswith(f"istio-ingress: cannot read {path}: ")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_file_that_is_not_there(tmp_path):
    assert (
        run(tmp_path / "no.yaml").stderr
        == f"istio-ingress: cannot read {tmp_path / 'no.yaml'}: No such file or directory\n"
    )
    assert run(tmp_path / "no.yaml").returncode == 2


def test_the_other_files_are_checked_when_one_cannot_be_read(file, tmp_path):
    done = run(file(BAD), tmp_path / "no.yaml")

    assert done.returncode == 2
    assert "gateway-name" in done.stdout
    assert done.stdout.endswith("1 finding in 1 manifest; 1 file cannot be read\n")


def test_errors_alone_fail_where_that_is_asked(file):
    warned = file(WARNED)

    assert [run("--fail-on", word, warned).returncode for word in ("error", "warning")] == [0, 1]
    assert run("--fail-on", "error", file(BAD)).returncode == 1


@pytest.mark.parametrize("name", ["json", "sarif", "github"])
def test_a_format_is_chosen(file, name):
    out = run("--format", name, file(BAD)).stdout

    assert out.startswith("::error file=" if name == "github" else "{")
    assert "gateway-name" in out


def test_what_kubectl_lists_is_found_at_its_line():
    listed = "apiVersion: v1\nkind: List\nitems:\n" + "".join(
        f"- {line}" if line.startswith("apiVersion") else f"  {line}" for line in (GOOD + BAD).splitlines(keepends=True)
    )

    assert run(stdin=listed).stdout.startswith("standard input:12: error gateway-name: Gateway shop/shop.example")


def test_what_no_rule_reads_is_counted_and_what_has_no_version_is_found():
    route = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: a}\n"
    untyped = GOOD.replace("apiVersion: networking.istio.io/v1\n", "")

    assert run(stdin=f"{route}---\n{route}").stdout == "0 findings in 0 manifests; not read: 2 HTTPRoute\n"
    assert "error type-missing: Gateway shop/shop apiVersion" in run(stdin=untyped).stdout
    unnamed = run(stdin=GOOD.replace("kind: Gateway\n", "")).stdout
    assert "error type-missing: (no kind) shop/shop kind" in unnamed
    assert unnamed.endswith("1 finding in 1 manifest\n")


def test_a_repeated_key_is_found():
    out = run(stdin=GOOD + "    hosts: [blog.example]\n").stdout

    assert "warning key-repeated: Gateway shop/shop spec.servers[0].hosts" in out
    assert "a second time in line 9" in out


def test_two_manifests_without_a_line_between_them_are_one_finding():
    other = GOOD.replace("name: shop,", "name: blog,").replace("shop.example", "blog.example")

    out = run(stdin=GOOD + other).stdout

    assert "warning key-repeated: Gateway shop/blog kind\n    In line 9 another manifest begins without ---" in out
    assert out.endswith("1 finding in 1 manifest\n")


def test_a_repeated_version_or_kind_alone_is_no_other_manifest():
    out = run(stdin=GOOD.replace("kind: Gateway\n", "kind: Gateway\nkind: Gateway\n")).stdout

    assert "Gateway shop/shop kind\n    The key stands in its mapping a second time in line 3" in out


def test_a_host_without_a_namespace_is_called_as_it_is_written():
    service = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: %s}\nspec:\n  hosts: [cart]\n"
    routes = "  http: [{route: [{destination: {host: cart}}]}]\n"

    out = run(stdin=f"{service % 'a'}{routes}---\n{service % 'b'}{routes}").stdout

    assert "The host 'cart' is in VirtualService a too" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--waive", "gateway-names=x"], "there is no rule 'gateway-names' to waive; 'gateway-name' is one"),
        ([""], "a FILE is empty text; `.` is the folder that you are in."),
        (["--at", ""], "--at '' is no time; 2027-01-31 and 2027-01-31T12:00:00+00:00 are"),
        (["--explain", ""], "there is no rule '' to explain."),
        (["--waive", "gateway-name"], "the waiver of gateway-name gives no reason"),
        (["--at", "tomorrow"], "--at 'tomorrow' is no time; 2027-01-31 and 2027-01-31T12:00:00+00:00 are"),
        (["--expiry-days", "9" * 30], f"expiry_days is {'9' * 30}; it must be from 0 to 36500"),
        (["--expiry-days", "-1"], "expiry_days is -1; it must be from 0 to 36500"),
    ],
)
def test_a_wrong_argument_is_one_sentence(arguments, said):
    done = run(*arguments, stdin=GOOD)

    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"istio-ingress: {said}\n")


def test_an_empty_file_and_other_yaml_hold_no_manifests(file):
    assert run(file("")).stdout == "0 findings in 0 manifests\n"
    assert run(file("replicas: 3\nwhen: 2026-01-01\n")).returncode == 0


def test_a_reader_that_goes_away_is_no_error(file):
    path = file("\n---\n".join(BAD.replace("shop.example,", f"s{number}.x,") for number in range(2000)))
    command = f"{sys.executable} -m istio_ingress check {path} | head -1"

    done = subprocess.run(command, shell=True, cwd=REPOSITORY, capture_output=True, text=True, check=False)

    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_a_field_that_the_named_release_does_not_know_is_found(file):
    tls = "    tls: {mode: SIMPLE, credentialNames: [rsa, ecdsa]}\n"
    path = file(GOOD.replace("80, name: http, protocol: HTTP}", "443, name: https, protocol: HTTPS}") + tls)
    assert run("--istio-version", "1.27", path).returncode == 0
    assert "field-too-new" in run("--istio-version", "1.26", path).stdout
    assert "istio_version is 'old'" in run("--istio-version", "old", path).stderr


def test_a_rule_is_explained_as_on_its_page():
    done = run("--explain", "host-conflict")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"\n{done.stdout}\n## " in (REPOSITORY / "docs" / "rules.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["hostconflict"], "there is no rule 'hostconflict' to explain; 'host-conflict' is one."),
        (["host-conflict", "shop.yaml"], "--explain RULE reads no files: name it alone."),
    ],
)
def test_what_cannot_be_explained_is_one_sentence(arguments, said):
    done = run("--explain", *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"istio-ingress: {said}\n")


def test_a_preview_that_failed_is_not_taken_for_all_that_will_be():
    preview = {"steps": [{"urn": "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev", "op": "create"}]}
    failed = {**preview, "diagnostics": [{"message": "leafGeneration is 0", "severity": "error"}]}

    assert run(stdin=json.dumps(preview)).stderr == ""
    assert run(stdin=json.dumps(failed)).stderr == (
        "istio-ingress: standard input: the preview failed: it shows only what it had planned until then, "
        "and says itself why.\n"
    )
