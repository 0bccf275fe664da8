"""Which certificates an update renews because they are due, and the sentence about each."""

from datetime import UTC, datetime

import pytest

from components import CertificateAuthority, MutualTlsGateway, PassthroughNginx
from components.renewal import sentences

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
DAYS = {"web": 30}


def said(old, new=None):
    return list(sentences({"web": old}, {"web": new}, DAYS, NOW))


def test_the_sentence_names_certificate_end_and_days():
    assert said("2027-03-21T13:00:00Z") == [
        "web ends 2027-03-21, in 20 days: it is renewed 30 days before its end, and so by this update."
    ]


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
