"""Which certificates an update renews because they are due, and the sentence about each."""

from datetime import UTC, datetime

import pulumi
import pytest

from istio_ingress import CertificateAuthority, MutualTlsGateway, PassthroughNginx, TlsGateway
from istio_ingress.pki.renewal import sentences
from tests.unit.components.conftest import updated

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
DAYS = {"web": 30}
LONG_AGO = "2020-02-27T11:00:00Z"


def said(old, new=None):
    return list(sentences({"web": old}, {"web": new}, DAYS, NOW))


def test_the_sentence_names_certificate_end_and_days():
    assert said("2027-03-21T13:00:00Z") == [
        "web ends 2027-03-21, in 20 days: it is renewed 30 days before its end, and so by this update."
    ]


@pytest.mark.parametrize("end", ["2027-03-22T01:00:00.123456789+14:00", "2027-03-20T23:00:00-12:00"])
def test_the_day_is_that_of_utc_wherever_the_certificate_was_issued(end):
    assert said(end)[0].startswith("web ends 2027-03-21, in ")


def test_an_end_that_has_passed_is_said_to_have():
    assert said("2027-02-27T11:00:00Z")[0].startswith("web ends 2027-02-27, 3 days ago:")


@pytest.mark.parametrize(
    ("end", "is_due"),
    [("2027-03-31T11:59:59Z", True), ("2027-03-31T12:00:01Z", False), ("2027-02-27T11:00:00.123456789Z", True)],
)
def test_a_certificate_is_due_from_that_many_days_before_its_end(end, is_due):
    assert bool(said(end)) is is_due


def test_nothing_is_said_of_a_certificate_that_stays():
    assert said("2027-03-21T13:00:00Z", "2027-03-21T13:00:00Z") == []


def test_nothing_is_said_of_a_certificate_that_goes():
    assert list(sentences({"gone": "2027-03-21T13:00:00Z"}, {}, DAYS, NOW)) == []


@pytest.mark.parametrize(
    ("program", "kept"),
    [
        (lambda: CertificateAuthority("ca", {"generation": 2}), {"ca-g1-certificate", "ca-g2-certificate"}),
        (
            lambda: MutualTlsGateway("web", {"clients": [{"name": "shop"}]}),
            {"web-mutual-example-com-ecdsa-p256-certificate", "web-client-shop-certificate"},
        ),
        (lambda: PassthroughNginx("nginx", {}), {"nginx-certificate"}),
    ],
)
def test_the_state_keeps_the_end_of_each_certificate_of_a_component(declare, program, kept):
    stashes = declare(lambda: program() and None).of("Stash")
    (ends,) = [stash.inputs["input"] for stash in stashes if stash.name in {"ca-ends", "web-ends", "nginx-ends"}]
    assert ends == {name: f"end of {name}" for name in kept}


@pytest.fixture
def log(monkeypatch):
    """What a program says."""
    said = []
    monkeypatch.setattr(pulumi.log, "info", said.append)
    return said


def test_an_update_that_renews_a_certificate_says_so(declare, hooks, log):
    declared = declare(lambda: PassthroughNginx("nginx", {}) and None)
    (hook,) = declared.one("Stash", "nginx-ends").hooks
    hooks[hook](updated({"nginx-certificate": LONG_AGO}, {}))
    assert [sentence.split(",")[0] for sentence in log] == ["nginx-certificate ends 2020-02-27"]


def test_two_components_of_one_name_announce_each_its_own_certificates(declare, hooks, log):
    def program():
        TlsGateway("web", {})
        PassthroughNginx("web", {"gateway_name": "nginx", "service_name": "nginx", "gateway": {"https_port": 8443}})

    stashes = [stash for stash in declare(program).of("Stash") if stash.name == "web-ends"]
    assert len(stashes) == 2
    for stash in stashes:
        (hook,) = stash.hooks
        hooks[hook](updated(dict.fromkeys(stash.inputs["input"], LONG_AGO), {}))
    assert sorted(sentence.split(" ends")[0] for sentence in log) == [
        "web-certificate",
        "web-httpbin-example-com-ecdsa-p256-certificate",
    ]
