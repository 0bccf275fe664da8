"""`python -m doctor` from its words to its exit code."""

import io
import json
import re
from pathlib import Path

import pytest

from doctor import checks, walkthrough
from doctor.__main__ import main
from doctor.client import Answer
from tests.unit.doctor.patient import RECORDED

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture
def doctor(fake_tools, capsys, monkeypatch, tmp_path):
    """Run it: exit code, standard output, standard error."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    def run(*words):
        code = main(words)
        written = capsys.readouterr()
        return code, written.out, written.err

    return run


@pytest.mark.parametrize("words", [(), ("check",), ("--all",), ("check", "--all")])
def test_without_a_command_everything_is_looked_at(doctor, words):
    code, out, _ = doctor(*words)
    assert (code, out.splitlines()[-1]) == (0, "doctor: 36 ok")
    assert out.startswith("ok       cluster     API server: Kubernetes v1.36.3")


def test_a_finding_is_exit_code_1(doctor, patient):
    patient.remove("Secret", "httpbin-credential")
    code, out, _ = doctor("--json")
    said = json.loads(out)
    assert (code, said["exit_code"]) == (1, 1)
    assert [line["check"] for line in said["lines"] if line["status"] == "failed"] == ["credentials"]


def test_a_question_that_is_denied_is_exit_code_2(doctor, fake_tools):
    fake_tools.broken["kubectl create --raw"] = "subjectaccessreviews is forbidden"
    code, out, _ = doctor("--json")
    assert code == 2
    assert [line["check"] for line in json.loads(out)["lines"] if line["status"] != "ok"] == ["rights"]


def test_no_key_is_ever_printed(doctor, patient):
    pairs = [secret["data"] for secret in patient.objects["Secret"]]
    for words in (["--all"], ["--json"], ["map"], ["map", "--format=svg"]):
        _, out, err = doctor(*words)
        assert len(out) > 500
        for pair in pairs:
            assert pair["tls.key"] not in out + err
        assert "PRIVATE KEY" not in out + err
        assert patient.client.key.splitlines()[1] not in out + err


def test_requests_alone(doctor, patient):
    code, out, _ = doctor("requests")
    assert code == 0
    assert out.startswith("Ingress: 10.77.0.2, ports {'http': 31952, 'https': 31989}")
    assert out.count(" ok\n") == 10


def test_a_request_with_the_wrong_answer(doctor, patient, monkeypatch):
    monkeypatch.setattr(walkthrough, "send", lambda *_, **__: Answer(503, "HTTP/2"))
    code, _, err = doctor("requests")
    assert (code, err.splitlines()[-1]) == (
        1,
        "doctor: 10 of 10 answers are wrong, the first: http://httpbin.example.com/status/200",
    )


def test_requests_without_hosts(doctor, patient, monkeypatch):
    monkeypatch.setattr(patient, "outputs", dict)
    code, _, err = doctor("requests")
    assert (code, "exports no `hosts`" in err) == (2, True)


def test_a_wrong_waiver_is_a_sentence(doctor):
    code, _, err = doctor("--waive", "host-shard=why")
    assert (code, err) == (2, "doctor: there is no rule 'host-shard' to waive; 'host-shared' is one.\n")


def test_a_waived_finding_does_not_count(doctor, patient):
    patient.find("Gateway", "web-tls")["spec"]["servers"][0]["tls"]["minProtocolVersion"] = "TLSV1_0"
    assert doctor()[0] == 1
    code, out, _ = doctor("--waive", "tls-version-low=an old till", "--all")
    assert code == 0
    assert "Waived: an old till" in out


@pytest.mark.parametrize("name", ["istio-ingressgateway", "/istio-ingressgateway", "istio-system/"])
def test_a_gateway_needs_a_namespace_and_a_service(doctor, capsys, name):
    with pytest.raises(SystemExit) as ended:
        doctor("--gateway", name)
    assert ended.value.code == 2
    assert "is not NAMESPACE/SERVICE" in capsys.readouterr().err


def test_another_gateway(doctor):
    code, out, _ = doctor("--gateway", "istio-ingress/edge")
    assert code == 1
    assert "Service istio-ingress/edge: it does not exist, so there is no way in" in out
    assert "there is no Service istio-ingress/edge." in out


def test_a_map_goes_to_standard_output_as_mermaid(doctor):
    code, out, _ = doctor("map")
    assert (code, out.splitlines()[0]) == (0, "flowchart LR")


@pytest.mark.parametrize(
    ("file", "beginning"), [("map.svg", "<svg "), ("map.md", "```mermaid\nflowchart"), ("map.mmd", "flowchart")]
)
def test_a_map_in_a_file_is_what_its_name_says(doctor, tmp_path, file, beginning):
    code, out, _ = doctor("map", "--output", str(tmp_path / file))
    assert (code, out) == (0, "")
    assert (tmp_path / file).read_text().startswith(beginning)


def test_a_map_of_half_a_cluster_says_what_is_missing(doctor, fake_tools):
    fake_tools.broken["kubectl get pods"] = "pods is forbidden"
    code, out, err = doctor("map")
    assert (code, err) == (0, "doctor: not on the map: pods is forbidden\n")
    assert "httpbin.example.com" in out


def test_without_a_cluster_there_is_no_map(doctor, fake_tools):
    fake_tools.broken["kubectl get --raw"] = "connection refused"
    assert doctor("map") == (2, "", "doctor: connection refused\n")


def test_without_gateways_there_is_no_map(doctor, fake_tools):
    fake_tools.broken["kubectl get gateways"] = "gateways is forbidden"
    assert doctor("map")[0] == 2


def test_a_map_of_a_preview_asks_no_cluster(doctor, fake_tools, monkeypatch):
    text = (RECORDED / "preview.json").read_text()
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    from_input = doctor("map", "--preview")
    from_file = doctor("map", "--preview", str(RECORDED / "preview.json"))
    assert from_input == from_file
    assert "valid 365 days" in doctor("map", "--format=svg", "--preview", str(RECORDED / "preview.json"))[1]
    assert fake_tools.asked("kubectl") == []


def test_a_preview_that_cannot_be_read(doctor, tmp_path):
    code, _, err = doctor("map", "--preview", str(tmp_path / "none.json"))
    assert (code, err) == (2, f"doctor: cannot read {tmp_path / 'none.json'}: No such file or directory.\n")


def test_unchanged_resources_that_a_preview_leaves_out_are_said(doctor, tmp_path):
    preview = json.loads((RECORDED / "preview.json").read_text())
    preview["changeSummary"] = {"same": 12}
    (tmp_path / "preview.json").write_text(json.dumps(preview))
    _, _, err = doctor("map", "--preview", str(tmp_path / "preview.json"))
    assert err.startswith("doctor: 12 unchanged resources are not in this preview;")


def test_the_page_about_the_doctor_names_every_check_and_option(doctor, capsys):
    page = (REPOSITORY / "docs" / "doctor.md").read_text()
    for check in checks.CHECKS:
        assert f"| `{check}` |" in page
    with pytest.raises(SystemExit):
        doctor("check", "--help")
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help", "--json"}
    assert len(options) == 5
    for option in options:
        assert f"| `{option}" in page
