"""Revocation lists: who is refused, for how long a list holds, and which given lists are refused."""

import importlib.util
import sys
from datetime import UTC, datetime, timedelta

import pulumi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from istio_ingress import MutualTlsGateway, SecretFormat
from istio_ingress.pki import revocation
from istio_ingress.pki.revocation import Window
from istio_ingress.x509 import revocation_lists
from tests.unit.certificates import Authority
from tests.unit.components import engine
from tests.unit.components.secrets import contents

OURS, FORMER, PARTNER = Authority("ours", days=3650), Authority("ours", days=3650), Authority("partner")
BOB = OURS.issue("bob")
TODAY = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
ISSUER = {"certificate": OURS.certificate, "private_key": OURS.key}
BOTH = ISSUER | {
    "bundle": OURS.certificate + FORMER.certificate,
    "crl_signers": [{"certificate": FORMER.certificate, "private_key": FORMER.key}],
}


def serial(pair):
    return x509.load_pem_x509_certificate(pair.certificate.encode()).serial_number


@pytest.fixture(autouse=True)
def _bobs_certificate_is_real(monkeypatch):
    monkeypatch.setitem(
        engine._ANSWERS, "tls:index/locallySignedCert:LocallySignedCert", lambda name, _: {"certPem": BOB.certificate}
    )


def gateway(**args):
    def program():
        made = MutualTlsGateway("partners", {"client_authority": ISSUER, **args})
        return {"crl": made.crl}

    return program


def lists(declared):
    return revocation_lists(declared.outputs["crl"].encode())


def test_without_revocations_there_is_no_list(declare):
    declared = declare(gateway())
    assert declared.outputs["crl"] == ""
    assert "ca.crl" not in contents(declared.one("Secret"))


def test_clients_and_serial_numbers_are_revoked_in_a_list_of_their_authority(declare):
    declared = declare(gateway(clients=[{"name": "bob"}], revoked={"clients": ["bob"], "serials": ["0A:ff", "7"]}))
    (made,) = lists(declared)
    assert {entry.serial_number for entry in made} == {serial(BOB), 0x0AFF, 7}
    authority = x509.load_pem_x509_certificate(OURS.certificate.encode())
    assert made.issuer == authority.subject
    assert made.is_signature_valid(authority.public_key())


def test_a_list_is_public_and_its_authoritys_key_is_nowhere(declare):
    declared = declare(gateway(revoked={"serials": ["7"]}))
    assert declared.secret_outputs == set()
    assert not any(OURS.key in str(resource.inputs) for resource in declared.resources)


def test_a_list_of_nobody_is_a_list(declare):
    (made,) = lists(declare(gateway(revoked={"clients": [], "serials": []})))
    assert len(made) == 0


@pytest.mark.parametrize("chosen", SecretFormat)
def test_the_list_stands_where_each_format_keeps_it(declare, chosen):
    declared = declare(gateway(secret_format=chosen, revoked={"serials": ["7"]}))
    found = [data for secret in declared.of("Secret") for data in contents(secret).items()]
    key = "ca.crl" if chosen is SecretFormat.TLS else "crl"
    assert (key, declared.outputs["crl"]) in found


def test_during_a_rollover_every_trusted_authority_has_its_list(declare):
    declared = declare(gateway(client_authority=BOTH, revoked={"serials": ["7"]}))
    authorities = [x509.load_pem_x509_certificate(each.certificate.encode()) for each in (OURS, FORMER)]
    for made, authority in zip(lists(declared), authorities, strict=True):
        assert made.is_signature_valid(authority.public_key())
        assert [entry.serial_number for entry in made] == [7]


def test_given_lists_stand_beside_ours(declare):
    declared = declare(
        gateway(clients=[{"name": "bob"}], client_ca=PARTNER.certificate, crl=PARTNER.revocations(), revoked={})
    )
    assert [made.issuer.rfc4514_string() for made in lists(declared)] == ["CN=partner", "CN=ours"]


def test_a_revoked_client_keeps_the_certificate_that_is_revoked(declare):
    clients = [{"name": "bob", "leaf_generation": 3, "renew_before_days": 60}, {"name": "eve"}]
    declared = declare(gateway(clients=clients, revoked={"clients": ["bob"]}))
    bob, eve = (declared.one("LocallySignedCert", f"partners-client-{name}-certificate") for name in ("bob", "eve"))
    assert (bob.inputs["earlyRenewalHours"], eve.inputs["earlyRenewalHours"]) == (0, 30 * 24)
    assert "caCertPem" in bob.ignored_changes
    assert eve.ignored_changes == []
    assert declared.one("PrivateKey", "partners-client-bob-key").replacement_trigger is None


def signed(moment, serials=(), **times):
    window = Window.at(moment, times.get("validity", 30), times.get("renew_before", 10))
    return revocation._list(OURS.certificate, OURS.key, set(serials), window)


def test_the_same_list_has_the_same_bytes_until_the_next_one_is_due():
    window = Window.at(TODAY, 30, 10)
    last = window.start + timedelta(days=20, seconds=-1)
    assert signed(window.start, [7, 8]) == signed(TODAY, [8, 7]) == signed(last, [7, 8])
    assert signed(last, [7]) != signed(last + timedelta(seconds=1), [7])


def test_a_list_signed_with_rsa_has_the_same_bytes_too():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    ours = Authority("rsa", key=key)
    window = Window.at(TODAY, 30, 10)
    once, twice = (revocation._list(ours.certificate, ours.key, {7}, window) for _ in range(2))
    assert once == twice


@pytest.mark.parametrize("days", range(0, 60, 7))
def test_a_list_is_current_for_at_least_its_renewal_time(days):
    moment = TODAY + timedelta(days=days)
    window = Window.at(moment, 30, 10)
    assert window.start <= moment < window.end - timedelta(days=10)
    assert window.end - window.start == timedelta(days=30)


def test_the_lists_number_grows_with_every_list():
    def number(text):
        read = x509.load_pem_x509_crl(text.encode())
        return read.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number

    later = TODAY + timedelta(days=20)
    numbers = [
        number(signed(TODAY)),
        number(signed(TODAY, [7])),
        number(signed(later, [7])),
        number(signed(later, [7, 8])),
    ]
    assert numbers == sorted(set(numbers))


def test_a_list_names_the_key_that_signed_it():
    read = x509.load_pem_x509_crl(signed(TODAY).encode())
    authority = x509.load_pem_x509_certificate(OURS.certificate.encode())
    wanted = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key())
    assert read.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value == wanted
    assert isinstance(read.signature_hash_algorithm, hashes.SHA256)


STALE = OURS.revocations(end=datetime(2024, 1, 2, 3, 4, tzinfo=UTC))
EARLY = OURS.revocations(start=datetime(2124, 1, 2, 3, 4, tzinfo=UTC), end=datetime(2125, 1, 1, tzinfo=UTC))
GIVEN = {"client_ca": OURS.certificate}


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (
            GIVEN | {"crl": STALE},
            "crl is stale since 2024-01-02 03:04 UTC, but must be a current list, "
            "or Envoy refuses every client of CN=ours.",
        ),
        (
            GIVEN | {"crl": EARLY},
            "crl is not valid before 2124-01-02 03:04 UTC, but must be valid now, "
            "or Envoy refuses every client of CN=ours.",
        ),
        (
            GIVEN | {"crl": OURS.revocations() + PARTNER.revocations()},
            "crl is a list of CN=partner that no trusted authority signed, "
            "but must be of a trusted authority: CN=ours.",
        ),
        (
            GIVEN | {"crl": FORMER.revocations()},
            "crl is a list of CN=ours that no trusted authority signed, but must be of a trusted authority: CN=ours.",
        ),
        (
            {"client_ca": OURS.certificate + PARTNER.certificate, "crl": OURS.revocations()},
            "crl is without a list of CN=partner, but must be one of every trusted authority, "
            "or Envoy refuses all its clients.",
        ),
        (
            GIVEN | {"crl": engine.pem("X509 CRL", "AAAA")},
            "crl is a revocation list that cannot be read, but must be certificate revocation lists in PEM format.",
        ),
        (
            {"client_ca": engine.pem("CERTIFICATE", "AAAA"), "crl": OURS.revocations()},
            "client_ca is a certificate that cannot be read, but must be certificates in PEM format.",
        ),
        (
            {"revoked": {"clients": ["bob"]}},
            "revoked.clients is 'bob', but must be among clients; of one that is there no more, its number in serials.",
        ),
        (
            GIVEN | {"revoked": {"serials": ["7"]}},
            "revoked is 'given', but must be left out: no key of client_ca is here to sign a list with; give its crl.",
        ),
        (
            {"revoked": {"validity_days": 10}},
            "revoked.renew_before_days is 10, but must be less than validity_days, 10.",
        ),
        (
            {"revoked": {"serials": ["12g"]}},
            "revoked.serials[0] is '12g', but must be a serial number in hexadecimal, "
            "as `openssl x509 -serial` prints it.",
        ),
    ],
)
def test_what_would_shut_out_more_than_the_revoked_is_refused_before_anything_is_declared(declare, args, sentence):
    def program():
        with pytest.raises(pulumi.RunError) as refused:
            MutualTlsGateway("partners", args)
        assert str(refused.value) == f'MutualTlsGateway "partners": {sentence}'

    assert declare(program).resources == []


def test_without_the_package_that_signs_one_sentence_says_what_to_install(declare, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None if name == "cryptography" else find(name))

    def program():
        with pytest.raises(pulumi.RunError) as refused:
            MutualTlsGateway("partners", {"revoked": {"serials": ["7"]}})
        assert str(refused.value) == (
            'MutualTlsGateway "partners": revoked needs the Python package cryptography: '
            "`pip install 'istio-ingress[certificates]'`."
        )

    assert declare(program).resources == []


def test_without_revocations_the_package_is_not_asked_for(declare, monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography", None)  # importing it now is an error
    assert declare(lambda: MutualTlsGateway("partners", {"clients": [{"name": "bob"}]}) and {}).one("Gateway")
