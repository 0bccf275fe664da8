"""`istio-ingress doctor`, `map` and `requests` from their words to their exit codes."""

import io
import json
import re
from pathlib import Path

import pytest

from istio_ingress.cli import main
from istio_ingress.doctor import checks
from istio_ingress.live.client import Answer
from istio_ingress.requests import sending
from tests.unit.doctor.patient import RECORDED

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture
def command(fake_tools, capsys, monkeypatch, tmp_path):
    """Run it: exit code, standard output, standard error."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("PULUMI_STACK", raising=False)

    def run(*words):
        code = main(words)
        written = capsys.readouterr()
        return code, written.out, written.err

    return run


@pytest.mark.parametrize("words", [(), ("--all",)])
def test_everything_is_looked_at(command, words):
    code, out, _ = command("doctor", *words)
    assert (code, out.splitlines()[-1]) == (0, "doctor: 41 ok")
    assert out.startswith("ok       cluster     API server: Kubernetes v1.36.3")


def test_a_finding_is_exit_code_1(command, patient):
    patient.remove("Secret", "httpbin-credential")
    code, out, _ = command("doctor", "--json")
    said = json.loads(out)
    assert (code, said["exit_code"]) == (1, 1)
    assert [line["check"] for line in said["lines"] if line["status"] == "failed"] == ["credentials"]


def test_a_question_that_is_denied_is_exit_code_2(command, fake_tools):
    fake_tools.broken["kubectl create --raw"] = "subjectaccessreviews is forbidden"
    code, out, _ = command("doctor", "--json")
    assert code == 2
    assert [line["check"] for line in json.loads(out)["lines"] if line["status"] != "ok"] == ["rights"]


def test_no_key_is_ever_printed(command, patient):
    pairs = [secret["data"] for secret in patient.objects["Secret"]]
    for words in (["doctor", "--all"], ["doctor", "--json"], ["map"], ["map", "--format=svg"]):
        _, out, err = command(*words)
        assert len(out) > 500
        for pair in pairs:
            assert pair["tls.key"] not in out + err
        assert "PRIVATE KEY" not in out + err
        assert patient.client.key.splitlines()[1] not in out + err


def test_requests_alone(command, patient):
    code, out, _ = command("requests")
    assert code == 0
    assert out.startswith("Ingress: 10.77.0.2, ports {'http': 31952, 'https': 31989}")
    assert out.count(" ok\n") == 10


def test_requests_as_json(command, patient):
    code, out, _ = command("requests", "--json")
    said = json.loads(out)
    assert (code, said["ingress"]["host"], len(said["requests"])) == (0, "10.77.0.2", 10)
    first = said["requests"][0]
    assert first.pop("curl").startswith("curl ")
    assert 0 <= first.pop("seconds") < 5
    assert first == {
        "request": "http://httpbin.example.com/status/200",
        "expected": "200 HTTP/1.1",
        "seen": "200 HTTP/1.1",
        "right": True,
        "wrong": "",
        "refused": "",
        "object": "VirtualService default/httpbin-http",
    }
    assert patient.client.key.splitlines()[1] not in out


def test_a_folder_for_certificates_that_cannot_be_written(command, tmp_path):
    (tmp_path / "istio-ingress").touch()
    code, _, err = command("requests")
    folder = sending.certificates_directory()
    assert (code, err) == (
        2,
        f"istio-ingress: cannot write the public certificates to {folder}: Not a directory.\n",
    )
    code, out, _ = command("doctor")
    assert (code, "unknown  requests" in out, "ok       served" in out) == (2, True, True)


def test_a_request_with_the_wrong_answer(command, patient, monkeypatch):
    monkeypatch.setattr(sending, "send", lambda *_, **__: Answer(503, "HTTP/2"))
    code, _, err = command("requests")
    assert (code, err.splitlines()[-1]) == (
        1,
        "istio-ingress: 10 of 10 answers are wrong, the first: http://httpbin.example.com/status/200",
    )


def test_requests_where_nothing_is_expected(command, patient):
    patient.objects["VirtualService"] = []
    code, out, err = command("requests")
    assert (code, out) == (2, "")
    assert "no object of the stack in the cluster says what it expects that could be asked" in err


def test_a_wrong_waiver_is_a_sentence(command):
    code, _, err = command("doctor", "--waive", "host-shard=why")
    assert (code, err) == (2, "istio-ingress: there is no rule 'host-shard' to waive; 'host-shared' is one.\n")


def test_a_waived_finding_does_not_count(command, patient):
    patient.find("Gateway", "web-tls")["spec"]["servers"][0]["tls"]["minProtocolVersion"] = "TLSV1_0"
    assert command("doctor")[0] == 1
    code, out, _ = command("doctor", "--waive", "tls-version-low=an old till", "--all")
    assert code == 0
    assert "Waived: an old till" in out


@pytest.mark.parametrize("name", ["istio-ingressgateway", "/istio-ingressgateway", "istio-system/"])
def test_a_gateway_needs_a_namespace_and_a_service(command, capsys, name):
    with pytest.raises(SystemExit) as ended:
        command("doctor", "--gateway", name)
    assert ended.value.code == 2
    assert "is not NAMESPACE/SERVICE" in capsys.readouterr().err


def test_another_gateway(command):
    code, out, _ = command("doctor", "--gateway", "istio-ingress/edge")
    assert code == 1
    assert "Service istio-ingress/edge: it does not exist, so there is no way in" in out
    assert "there is no Service istio-ingress/edge." in out


def test_a_map_goes_to_standard_output_as_mermaid(command):
    code, out, _ = command("map")
    assert (code, out.splitlines()[0]) == (0, "flowchart LR")


@pytest.mark.parametrize(
    ("file", "beginning"), [("map.svg", "<svg "), ("map.md", "```mermaid\nflowchart"), ("map.mmd", "flowchart")]
)
def test_a_map_in_a_file_is_what_its_name_says(command, tmp_path, file, beginning):
    code, out, _ = command("map", "--output", str(tmp_path / file))
    assert (code, out) == (0, "")
    assert (tmp_path / file).read_text().startswith(beginning)


def test_a_map_of_half_a_cluster_says_what_is_missing(command, fake_tools):
    fake_tools.broken["kubectl get pods"] = "pods is forbidden"
    code, out, err = command("map")
    assert (code, err) == (0, "istio-ingress: not on the map: pods is forbidden\n")
    assert "httpbin.example.com" in out


def test_without_a_cluster_there_is_no_map(command, fake_tools):
    fake_tools.broken["kubectl get --raw"] = "connection refused"
    assert command("map") == (2, "", "istio-ingress: connection refused\n")


def test_without_gateways_there_is_no_map(command, fake_tools):
    fake_tools.broken["kubectl get gateways"] = "gateways is forbidden"
    assert command("map")[0] == 2


def test_a_map_of_a_preview_asks_no_cluster(command, fake_tools, monkeypatch):
    text = (RECORDED / "preview.json").read_text()
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    from_input = command("map", "--preview")
    from_file = command("map", "--preview", str(RECORDED / "preview.json"))
    assert from_input == from_file
    assert "valid 365 days" in command("map", "--format=svg", "--preview", str(RECORDED / "preview.json"))[1]
    assert fake_tools.asked("kubectl") == []


def test_a_preview_that_cannot_be_read(command, tmp_path):
    code, _, err = command("map", "--preview", str(tmp_path / "none.json"))
    assert (code, err) == (2, f"istio-ingress: cannot read {tmp_path / 'none.json'}: No such file or directory.\n")


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe",
        b"[1]",
        b'{"steps": [{"op": "create"}]}',
        b'{"steps": [{"op": "create", "urn": "a", "newState": [1]}]}',
        b'{"steps": [], "changeSummary": {"same": "1"}}',
        b'{"steps":' * 50000,
    ],
)
def test_a_file_that_holds_no_preview(command, tmp_path, content):
    (tmp_path / "preview.json").write_bytes(content)
    code, out, err = command("map", "--preview", str(tmp_path / "preview.json"))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("istio-ingress: ")


@pytest.mark.parametrize(("field", "value"), [("spec", "[secret]"), ("spec", None), ("metadata", "[secret]")])
def test_a_workload_that_a_preview_hides_is_no_error(command, tmp_path, field, value):
    preview = json.loads((RECORDED / "preview.json").read_text())
    for step in preview["steps"]:
        if step["urn"].split("::")[2].endswith("Deployment"):
            step["newState"]["inputs"][field] = value
    (tmp_path / "preview.json").write_text(json.dumps(preview))
    code, out, _ = command("map", "--preview", str(tmp_path / "preview.json"))
    assert (code, "httpbin.example.com" in out) == (0, True)


def test_unchanged_resources_that_a_preview_leaves_out_are_said(command, tmp_path):
    preview = json.loads((RECORDED / "preview.json").read_text())
    preview["changeSummary"] = {"same": 12}
    (tmp_path / "preview.json").write_text(json.dumps(preview))
    _, _, err = command("map", "--preview", str(tmp_path / "preview.json"))
    assert err.startswith("istio-ingress: 12 unchanged resources are not in this preview;")


def test_the_page_about_the_doctor_names_every_check_and_option(command, capsys):
    page = (REPOSITORY / "docs" / "doctor.md").read_text()
    for check in checks.CHECKS:
        assert f"| `{check}` |" in page
    with pytest.raises(SystemExit):
        command("doctor", "--help")
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help", "--json"}
    assert len(options) == 6
    for option in options:
        assert f"| `{option}" in page
