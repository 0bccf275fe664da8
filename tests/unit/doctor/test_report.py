import json

import pytest

from istio_ingress.doctor import report
from istio_ingress.doctor.report import failed, ok, unknown, warning


def line(say, *words, check="ports"):
    made = say(*words)
    return type(made)(made.status, made.subject, made.seen, made.next_step, check)


FINE = line(ok, "port 443", "one Gateway")
ODD = line(warning, "port 80", "two Gateways", "Keep one.")
BAD = line(failed, "port 443", "nobody", "Make one.")
UNASKED = line(unknown, "port 443", "forbidden")


@pytest.mark.parametrize(
    ("lines", "code"),
    [([FINE], 0), ([FINE, ODD], 1), ([FINE, BAD], 1), ([FINE, UNASKED], 2), ([UNASKED, BAD], 1), ([], 0)],
)
def test_the_exit_code_tells_findings_from_questions_that_could_not_be_put(lines, code):
    assert report.exit_code(lines) == code


def test_text_has_the_next_step_below_what_is_not_ok():
    assert report.as_text([FINE, BAD]).splitlines() == [
        "ok       ports port 443: one Gateway",
        "failed   ports port 443: nobody",
        "               → Make one.",
        "",
        "doctor: 1 ok, 1 failed",
    ]


def test_many_lines_that_are_ok_become_one_but_none_that_is_not():
    lines = [line(ok, f"host {number}", "well") for number in range(100)]
    lines.insert(50, BAD)
    text = report.as_text(lines)
    assert len(text.splitlines()) == 10
    assert "ok       ports and 95 more (--all shows them)" in text
    assert "failed   ports port 443: nobody" in text
    assert len(report.as_text(lines, whole=True).splitlines()) == 104


def test_json_has_every_line_and_the_counts():
    said = json.loads(json.dumps(report.as_json([FINE, BAD, UNASKED])))
    assert said["summary"] == {"ok": 1, "warning": 0, "failed": 1, "unknown": 1}
    assert said["exit_code"] == 1
    assert said["lines"][1] == {
        "status": "failed",
        "subject": "port 443",
        "seen": "nobody",
        "next_step": "Make one.",
        "check": "ports",
    }


def test_a_report_with_a_key_in_it_is_not_shown():
    with pytest.raises(AssertionError, match="is not shown"):
        report.without_keys("-----BEGIN EC PRIVATE KEY-----\nMHcC")
    assert report.without_keys("BEGIN CERTIFICATE") == "BEGIN CERTIFICATE"
