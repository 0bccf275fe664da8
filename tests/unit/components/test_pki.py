"""CertificateAuthority: what signs, what is trusted, when it is renewed."""

import pulumi
import pytest

from istio_ingress import CertificateAuthority, KeyAlgorithm, Rollover
from tests.unit.components.engine import pem


def authority(**args):
    def program():
        ca = CertificateAuthority("ca", args)
        return {"certificate": ca.certificate, "bundle": ca.bundle, "private_key": ca.private_key}

    return program


def certificate(generation):
    return pem("CERTIFICATE", f"ca-g{generation}-certificate")


def test_with_nothing_said_it_is_the_walk_throughs_root(declare):
    declared = declare(authority())
    assert declared.one("PrivateKey").inputs == {"algorithm": "ECDSA", "ecdsaCurve": "P256"}
    inputs = declared.one("SelfSignedCert").inputs
    assert inputs.pop("privateKeyPem") == pem("PRIVATE KEY", "ca-g1-key")
    assert inputs == {
        "subject": {"commonName": "example.com", "organization": "example Inc."},
        "isCaCertificate": True,
        "setSubjectKeyId": True,
        "allowedUses": ["digital_signature", "cert_signing", "crl_signing"],
        "validityPeriodHours": 3650 * 24,
        "earlyRenewalHours": 365 * 24,
    }
    assert declared.outputs["certificate"] == declared.outputs["bundle"] == certificate(1)


def test_its_key_is_a_secret_output(declare):
    declared = declare(authority())
    assert declared.secret_outputs == {"private_key"}
    assert declared.outputs["private_key"] == pem("PRIVATE KEY", "ca-g1-key")


def test_subject_key_and_life_are_inputs(declare):
    declared = declare(
        authority(
            common_name="shop.test",
            organization="Shop",
            key_algorithm=KeyAlgorithm.RSA_4096,
            validity_days=400,
            max_leaf_days=90,
            renew_before_days=100,
        )
    )
    assert declared.one("PrivateKey").inputs == {"algorithm": "RSA", "rsaBits": 4096}
    inputs = declared.one("SelfSignedCert").inputs
    assert inputs["subject"] == {"commonName": "shop.test", "organization": "Shop"}
    assert (inputs["validityPeriodHours"], inputs["earlyRenewalHours"]) == (400 * 24, 100 * 24)


def test_it_is_renewed_before_a_leaf_could_outlive_it(declare):
    declared = declare(authority(max_leaf_days=200, renew_before_days=30))
    assert declared.one("SelfSignedCert").inputs["earlyRenewalHours"] == 200 * 24


@pytest.mark.parametrize(
    ("args", "signs", "trusted"),
    [
        ({}, 1, [1]),
        ({"generation": 2}, 1, [1, 2]),
        ({"generation": 2, "rollover": Rollover.ISSUE}, 2, [2, 1]),
        ({"generation": 2, "rollover": "finished"}, 2, [2]),
    ],
    ids=["before", "the new one is trusted", "leaves move", "the old one leaves"],
)
def test_each_step_of_a_rollover_says_who_signs_and_who_is_trusted(declare, args, signs, trusted):
    outputs = declare(authority(**args)).outputs
    assert outputs["certificate"] == certificate(signs)
    assert outputs["bundle"] == "".join(certificate(generation) for generation in trusted)


def test_a_rollovers_steps_leave_each_generations_key_alone(declare):
    names = [
        {r.name for r in declare(authority(**args)).of("PrivateKey")}
        for args in (
            {"generation": 2},
            {"generation": 2, "rollover": Rollover.ISSUE},
            {"generation": 2, "rollover": Rollover.FINISHED},
        )
    ]
    assert names == [{"ca-g1-key", "ca-g2-key"}, {"ca-g1-key", "ca-g2-key"}, {"ca-g2-key"}]


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ({"rollover": "start"}, "rollover is 'start', but must be one of 'trust', 'issue', 'finished'."),
        (
            {"validity_days": 365},
            "validity_days is 365, but must be more than 365, the days before its end at which it is renewed.",
        ),
        (
            {"validity_days": 90, "max_leaf_days": 30, "renew_before_days": 90},
            "validity_days is 90, but must be more than 90, the days before its end at which it is renewed.",
        ),
    ],
)
def test_nonsense_is_refused_before_anything_is_declared(declare, args, sentence):
    def program():
        with pytest.raises(pulumi.RunError) as refused:
            CertificateAuthority("ca", args)
        assert str(refused.value) == f'CertificateAuthority "ca": {sentence}'

    assert declare(program).resources == []
