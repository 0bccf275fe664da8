"""TlsGateway: arguments that cannot stand together."""

import pulumi
import pytest

from istio_ingress import TlsGateway, TlsVersion
from tests.unit.components.engine import pem

GIVEN_AUTHORITY = {"certificate": pem("CERTIFICATE", "theirs"), "private_key": pem("PRIVATE KEY", "theirs")}


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (
            {"hosts": [{"host": "a.test"}, {"host": "*.test"}]},
            "hosts is 'a.test', but must be apart from '*.test', which covers it",
        ),
        (
            {"hosts": [{"host": "a.test"}, {"host": "b.test", "sans": ["a.test"]}]},
            "hosts is 'a.test', but must be apart from 'a.test', which covers it",
        ),
        (
            {"hosts": [{"host": "a.test"}, {"host": "a-test"}]},
            "hosts is 'a-test', but must be named once: two hosts have this name.",
        ),
        (
            {
                "hosts": [
                    {"host": "a.test", "workload": {"name": "bin"}},
                    {"host": "b.test", "workload": {"name": "bin"}},
                ]
            },
            "hosts[1].workload.name is 'bin', but must be another name than hosts[0]'s, "
            "or that host's Service as this one's backend.",
        ),
        (
            {"hosts": [{"host": "*"}]},
            "hosts[0].sans is missing, but must be given for host '*': a certificate needs a name.",
        ),
        (
            {"hosts": [{"host": "a.test", "existing_credential": "a", "validity_days": 9}]},
            "hosts[0].validity_days is 9, but must be left out where an existing_credential is given.",
        ),
        (
            {"key_algorithms": ["rsa-2048", "rsa-4096"]},
            "hosts[0].key_algorithms is ['rsa-2048', 'rsa-4096'], but must be one key algorithm, or an EC and an RSA",
        ),
        ({"renew_before_days": 365}, "hosts[0].renew_before_days is 365, but must be less than validity_days, 365."),
        ({"validity_days": 20}, "hosts[0].renew_before_days is 30, but must be less than validity_days, 20."),
        (
            {"validity_days": 3650},
            "hosts[0].validity_days is 3650, but must be at most 3649, or the certificate outlives",
        ),
        (
            {"validity_days": 366, "authority": {**GIVEN_AUTHORITY, "max_leaf_days": 365}},
            "hosts[0].validity_days is 366, but must be at most 365, or the certificate outlives its authority.",
        ),
        (
            {"min_tls": TlsVersion.TLS_1_1},
            "min_tls is 'TLSV1_1', but must be TLSV1_2 or newer where no cipher_suites are named.",
        ),
        (
            {"min_tls": "TLSV1_3", "max_tls": "TLSV1_2"},
            "min_tls is 'TLSV1_3', but must be no newer than max_tls, TLSV1_2.",
        ),
        (
            {"hosts": [{"host": "a.test", "routes": [{"path": "/*"}]}]},
            "hosts[0].routes[0].path is '/*', but must be exact or",
        ),
    ],
)
def test_what_cannot_stand_together_is_refused_before_anything_is_declared(declare, args, sentence):
    def program():
        with pytest.raises(pulumi.RunError) as refused:
            TlsGateway("web", args)
        assert str(refused.value).startswith(f'TlsGateway "web": {sentence}')

    assert declare(program).resources == []
