"""What the doctor says of hosts that do not answer as they seem to, behind a gateway of their own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import eventually, kubectl
from tests.e2e.patients import Said
from tests.e2e.walks.backdrop import Backdrop

MANIFESTS = Path(__file__).with_name("doctor-answers.yaml")
#: A listener waits 15 s for a Secret, and a policy takes its time to arrive.
SETTLES_WITHIN = 60.0
#: The part of the URL, what the line says, and words that name the objects; SPACE is the namespace.
WRONG = {
    "tls-port.answers.test/": ("failed", "400 by Service SPACE/secure port 443", "the backend wants TLS"),
    "denied.answers.test/": ("failed", "403 by the gateway", "refused by AuthorizationPolicy SPACE-gw/shut"),
    "root.answers.test/team": ("failed", "404 by the gateway", "VirtualService SPACE-b/team: The match"),
    "a.wide.answers.test/all": ("warning", "404 by the gateway", "VirtualService SPACE/narrow spec.http[0].match[0]"),
    "nobody.answers.test/": ("failed", "503 by the gateway", "Service SPACE/empty has no endpoint"),
    "begins-tls.answers.test/": (
        "failed",
        "503 by the gateway",
        "SPACE/begins-tls makes the gateway speak TLS (tls.mode SIMPLE)",
    ),
    "version.answers.test/": ("failed", "503 by the gateway", "Service SPACE/one: has no pod of the subset v9"),
    "loop.answers.test/": ("failed", "301 →", "a loop, by VirtualService SPACE/loop"),
    "fault.answers.test/": ("warning", "503 by the gateway", "a fault is injected"),
    "lost.answers.test:8081/": ("failed", "301 → https://lost.answers.test", "where nobody answers"),
}


@pytest.fixture(scope="module")
def backdrop(namespace):
    made = Backdrop.create(namespace)
    kubectl("apply", "--filename=-", stdin=MANIFESTS.read_text().replace("SPACE", namespace))
    yield made
    made.remove()


@pytest.fixture(scope="module")
def ask(backdrop):
    """The doctor over the backdrop's namespaces, as a person runs it."""

    def ask(*words):
        scope = [f"--namespace={name}" for name in backdrop.namespaces]
        command = ["doctor", "--json", f"--gateway={backdrop.namespaces[2]}/walked", *scope, *words]
        done = subprocess.run(
            [sys.executable, "-m", "istio_ingress", *command], capture_output=True, text=True, timeout=120, check=False
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Said(done.returncode, json.loads(done.stdout)["lines"])

    return ask


@pytest.fixture(scope="module")
def said(ask, backdrop):
    """What it says when everything has arrived."""
    return eventually(ask, lambda said: not missing(said, backdrop.namespace), SETTLES_WITHIN)


def missing(said, namespace):
    """The hosts of which it does not say what is wrong."""
    return [
        url
        for url, (status, *words) in WRONG.items()
        if not said.finds("answers", status, url, *(word.replace("SPACE", namespace) for word in words))
    ]


def test_every_wrong_answer_is_named_with_the_object_that_is_the_reason(said, backdrop):
    assert missing(said, backdrop.namespace) == []
    assert said.code == 1


def test_nothing_else_is_called_wrong(said):
    others = [line for line in said.not_ok("answers") if not any(url in line["subject"] for url in WRONG)]
    assert others == []
    assert all(line["next_step"] for line in said.not_ok("answers"))


def test_what_is_well_says_who_answered(said, backdrop):
    for place in ("host well.answers.test (80 HTTP)", "host secure.answers.test (443 HTTPS SIMPLE)"):
        assert said.finds("answers", "ok", place, f"GET / 200 by Service {backdrop.namespace}/one port 80")
        assert said.finds("answers", "ok", place, "GET /moved 301 → ")


def test_a_policy_about_http_keeps_connections_from_what_is_behind_the_gateway(said, backdrop):
    policy = f"AuthorizationPolicy {backdrop.namespaces[2]}/shut is for its pods"
    assert said.finds("served", "failed", "through.answers.test", policy)


def test_no_request_is_sent_where_none_is_wanted(ask):
    said = ask("--max-requests=0")
    assert [line["seen"] for line in said.lines if line["check"] == "answers"] == ["--max-requests 0 sends no request."]
